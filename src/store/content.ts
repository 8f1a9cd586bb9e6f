import type { Picture } from '../base/index.ts';
import { append, emptyTree, startId } from '../project/index.ts';
import type { FrameTree, HeldPicture, ProjectDocument, Settings, TreeChange } from '../project/index.ts';
import { noFrames } from './frames.ts';
import type { Frames } from './frames.ts';
import { documentStart } from './start-picture.ts';
import type { StartPicture } from './start-picture.ts';

/** The project that is on the page. */
export interface OpenProject {
  readonly id: string;
  readonly name: string;
  /** When it was begun: an ISO 8601 time. */
  readonly created: string;
  /** Another tab has it open: here it can be looked at. */
  readonly readOnly: boolean;
}

/** What the page shows of a project: one of its animations. */
export interface Content {
  readonly project: OpenProject | null;
  readonly start: StartPicture | null;
  /** All frames of the project, of which the animation is one path. */
  readonly tree: FrameTree;
  /** The animation. */
  readonly frames: Frames;
}

export const nothing: Content = { project: null, start: null, tree: emptyTree, frames: noFrames };

/** A project that has been read from where it is kept. Its frames stay there. */
export interface LoadedProject {
  readonly project: OpenProject;
  readonly document: ProjectDocument;
  readonly start: Picture;
  /** The file that the start picture was cut from. */
  readonly original: Blob;
  /** The id of the next new frame. */
  readonly nextId: number;
}

/** Pictures that become a project. */
export interface BroughtPictures {
  readonly start: Omit<StartPicture, 'id'>;
  /** PNG files of the start picture's size. */
  readonly frames: readonly Blob[];
}

/** A project as a document, or null before there is one. */
export function documentOf({ project, start, tree }: Content, settings: Settings): ProjectDocument | null {
  if (!project || !start) return null;
  const { name, created } = project;
  return { name, created, start: documentStart(start), settings, leaf: tree.leaf, frames: [...tree.nodes] };
}

/** Pictures as frames one after another, made by nobody: the tree, how it came about, and their files by their ids. */
export function treeOfPictures(
  { start, frames }: BroughtPictures,
  settings: Settings,
  made: string,
): { readonly tree: FrameTree; readonly change: TreeChange; readonly held: readonly HeldPicture[] } {
  const { width, height } = start.cut;
  const frame = { variant: 0, settings, model: '', width, height, insight: null, seconds: 0, made };
  let tree = emptyTree;
  const held = frames.map((png) => {
    const { node, ...result } = append(tree, frame);
    tree = result.tree;
    return { id: node.id, png };
  });
  const change = { added: [...tree.nodes], removed: [], leafBefore: startId, leafAfter: tree.leaf };
  return { tree, change, held };
}

/** Whether frames were made in a project, even if none of them is left. */
export function everHadFrames({ nextId }: FrameTree): boolean {
  return nextId > startId + 1;
}
