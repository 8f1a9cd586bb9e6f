import type { FrameNode } from './tree.ts';

/** Storage shared by versions of a tree. Nodes, and the lists of children by parent, are in ascending order of ids. */
interface Shared {
  readonly byId: Map<number, FrameNode>;
  readonly children: Map<number, FrameNode[]>;
  /** One more than the largest id. */
  nextId: number;
}

/**
 * Persistent (immutable) map of a tree's frames by id, in ascending order. Versions share storage: appending to the
 * latest one is O(1), since each version sees only ids below its own end. `without` and `with` copy.
 */
export class FrameNodes implements Iterable<FrameNode> {
  readonly #shared: Shared;
  /** This version has the ids below this one. */
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

  /** Children of a frame, oldest first. */
  childrenOf(id: number): FrameNode[] {
    const all = this.#shared.children.get(id) ?? [];
    return all.filter((child) => child.id < this.#end);
  }

  /** Adds a frame, whose id must be larger than all others. */
  append(node: FrameNode): FrameNodes {
    // The empty version may be a constant that many trees start from, so its storage is never shared.
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
    // Ids are ascending: all further ones belong to later versions.
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
