import type { Picture } from '../base/index.ts';
import { append, emptyTree, startId } from '../project/index.ts';
import type { FrameTree, HeldPicture, ProjectDocument, Settings, TreeChange } from '../project/index.ts';
import { noFrames } from './frames.ts';
import type { Frames } from './frames.ts';
import { documentStart } from './start-picture.ts';
import type { StartPicture } from './start-picture.ts';

/** The project on the page. */
export interface OpenProject {
  readonly id: string;
  readonly name: string;
  /** Time of creation, ISO 8601. */
  readonly created: string;
  /** Whether another tab has it open for writing. */
  readonly readOnly: boolean;
}

/** Content of the page: a project, and one of its animations. */
export interface PageContent {
  readonly project: OpenProject | null;
  readonly start: StartPicture | null;
  /** All frames of the project. */
  readonly tree: FrameTree;
  /** The animation: the tree's path to its leaf, or the frames of its order. */
  readonly frames: Frames;
}

/** Content of an empty page. */
export const emptyContent: PageContent = { project: null, start: null, tree: emptyTree, frames: noFrames };

/** A project read from storage, without the pictures of its frames. */
export interface LoadedProject {
  readonly project: OpenProject;
  readonly document: ProjectDocument;
  readonly start: Picture;
  /** The start picture's original file. */
  readonly original: Blob;
  /** Id of the next new frame. */
  readonly nextId: number;
}

/** Imported pictures for a new project. */
export interface ImportedPictures {
  readonly start: Omit<StartPicture, 'id'>;
  /** PNG files of the start picture's size. */
  readonly frames: readonly Blob[];
  /** Settings with which the project plays as fast as the imported animation; empty for pictures. */
  readonly playback: Partial<Pick<Settings, 'frameRate' | 'smoothFrameRate'>>;
}

/** Builds the document of the project on the page; null if there is none. */
export function documentOf(
  { project, start, tree }: PageContent,
  settings: Settings,
): ProjectDocument | null {
  if (!project || !start) return null;
  const { name, created } = project;
  const { leaf, order, nodes } = tree;
  const played = order && { order: [...order] };
  return { name, created, start: documentStart(start), settings, leaf, ...played, frames: [...nodes] };
}

/**
 * Builds the tree of a project of imported pictures, one frame after another, without model or insights.
 *
 * @param made time of the import, ISO 8601
 * @returns the tree, the change from the empty tree, and the frames' PNG files
 */
export function treeOfPictures(
  { start, frames }: Pick<ImportedPictures, 'start' | 'frames'>,
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
  const change = {
    added: [...tree.nodes],
    removed: [],
    leafBefore: startId,
    leafAfter: tree.leaf,
    order: null,
  };
  return { tree, change, held };
}

/** Whether a project has or had frames. */
export function everHadFrames({ nextId }: FrameTree): boolean {
  return nextId > startId + 1;
}
