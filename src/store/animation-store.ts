import type { StoreApi } from 'zustand/vanilla';
import type { Picture } from '../base/index.ts';
import type { PlayOrder, ProjectDocument } from '../project/index.ts';
import type { AnimationHistory } from './animation-history.ts';
import type { ImportedPictures, PageContent, LoadedProject } from './page-content.ts';
import type { Frame, Frames, NewPicture } from './frames.ts';
import type { ChangeListener } from './journal.ts';

/** The project and animation on the page. */
export interface AnimationState extends PageContent {
  /** Whether a start picture is being fetched, decoded or fitted, or a project is being opened. */
  readonly reading: boolean;
  /** Whether some frames are neither stored on this device nor downloaded. */
  readonly unsaved: boolean;
  /** Incremented whenever the animation is replaced by another. */
  readonly edition: number;
  /** Position at which that replacement differs from the animation before, if it is an edit of it; else null. */
  readonly edited: number | null;
}

/** The animation on the page: its start picture, the tree of frames, and the order in which they are played. */
export interface AnimationStore extends StoreApi<AnimationState> {
  /** Adds a listener for changes that are to be stored. */
  readonly onChange: (listener: ChangeListener) => void;
  /**
   * Decodes a picture and starts a new project with it. The animation before can be restored by undo. If the picture
   * cannot be decoded, an error is shown and nothing changes.
   */
  readonly chooseStart: (file: Blob | Promise<Blob>, name: string) => Promise<void>;
  /** Resolves when `reading` is over. */
  readonly whenRead: () => Promise<void>;
  /**
   * Adds a finished frame after the last one, or in place of the one at the position `instead`, which stays as a branch.
   *
   * @throws RangeError if there is no project
   */
  readonly append: (frame: NewPicture, instead?: number) => Frame;
  /** Starts a new project with the same start picture; undoable. */
  readonly startOver: () => void;
  /** Clears `unsaved`. */
  readonly markSaved: () => void;
  /** Makes a position the animation's last, 0 being the start picture; later frames stay as a branch. Undoable. */
  readonly goBackTo: (position: number) => void;
  /** Removes the frame at a position and its descendants from the project; undoable. */
  readonly removeFrom: (position: number) => void;
  /** Replaces the frames from a position on by a branch beside them, which ends at `leaf`; undoable. */
  readonly playBranch: (position: number, leaf: number) => void;
  /** Plays the project's frames in another order; undoable. @throws RangeError if one of them is not in the tree */
  readonly arrange: (label: string, order: PlayOrder) => void;
  /** The frames from which a frame, by its id, was made, and itself; default the last frame, which new ones continue. */
  readonly lineage: (id?: number) => Frames;
  /**
   * Loads the picture at a position, 0 being the start picture, of the animation or of a lineage.
   *
   * @throws ProjectError if it is lost
   */
  readonly pictureAt: (position: number, of?: Frames) => Promise<Picture>;
  /**
   * Opens another project and puts it on the page. If another start picture or project is chosen meanwhile, the signal
   * of `open` is aborted and its result dropped.
   *
   * @returns the result of `open`, and the content that was on the page before; null if dropped
   * @throws what `open` throws, unless its result was dropped
   */
  readonly load: <L extends LoadedProject>(
    open: (signal: AbortSignal) => Promise<L>,
  ) => Promise<(L & { readonly left: PageContent }) | null>;
  /** Starts a project from imported pictures: a start picture, and PNG files that become its frames. Undoable. */
  readonly importPictures: (imported: ImportedPictures) => void;
  /** Empties the page. With 'deleted', the project is not purged even if it is empty, so that it can be restored. */
  readonly clear: (left?: 'deleted') => void;
  /** Updates the project's name on the page; does not store it. */
  readonly rename: (name: string) => void;
  /** Records undo entries for other stores: runs, picks and opened projects. */
  readonly history: Pick<AnimationHistory, 'moved' | 'swapped'>;
  /** The document of the project on the page; null if there is none. */
  readonly document: () => ProjectDocument | null;
}
