import type { FrameNode } from './tree.ts';

/** What versions of a tree share: nodes by their ids, and the children of each in the order of age. */
interface Shared {
  readonly byId: Map<number, FrameNode>;
  readonly children: Map<number, FrameNode[]>;
  /** The id after the last that was put in. */
  nextId: number;
}

/**
 * The frames of a tree, by their ids, in the order of age. Immutable, with versions that share their storage: appending
 * is O(1), since a version sees only the ids that were there when it was made. Removing and putting back copy.
 */
export class FrameNodes implements Iterable<FrameNode> {
  readonly #shared: Shared;
  /** Ids below this are in this version. */
  readonly #end: number;
  readonly size: number;

  private constructor(shared: Shared, end: number, size: number) {
    this.#shared = shared;
    this.#end = end;
    this.size = size;
  }

  static from(nodes: Iterable<FrameNode>): FrameNodes {
    const shared: Shared = { byId: new Map(), children: new Map(), nextId: 0 };
    for (const node of [...nodes].sort((a, b) => a.id - b.id)) put(shared, node);
    return new FrameNodes(shared, shared.nextId, shared.byId.size);
  }

  get(id: number): FrameNode | undefined {
    return id < this.#end ? this.#shared.byId.get(id) : undefined;
  }

  has(id: number): boolean {
    return this.get(id) !== undefined;
  }

  /** The frames that were made from one, oldest first. */
  childrenOf(id: number): FrameNode[] {
    const all = this.#shared.children.get(id) ?? [];
    return all.filter((child) => child.id < this.#end);
  }

  /** Adds a frame that is younger than all that are there. */
  append(node: FrameNode): FrameNodes {
    // An empty version may be a constant that everything begins with: it shares nothing.
    const isLatest = this.size > 0 && this.#shared.nextId <= this.#end;
    const shared = isLatest ? this.#shared : FrameNodes.from(this).#shared;
    put(shared, node);
    return new FrameNodes(shared, node.id + 1, this.size + 1);
  }

  without(ids: ReadonlySet<number>): FrameNodes {
    return FrameNodes.from([...this].filter(({ id }) => !ids.has(id)));
  }

  with(nodes: readonly FrameNode[]): FrameNodes {
    return FrameNodes.from([...this, ...nodes]);
  }

  *[Symbol.iterator](): Generator<FrameNode, void, undefined> {
    // Ids only grow, so the first that is too young ends this version.
    for (const node of this.#shared.byId.values()) {
      if (node.id >= this.#end) return;
      yield node;
    }
  }
}

function put(shared: Shared, node: FrameNode): void {
  shared.byId.set(node.id, node);
  const siblings = shared.children.get(node.parent);
  if (siblings) siblings.push(node);
  else shared.children.set(node.parent, [node]);
  shared.nextId = node.id + 1;
}
