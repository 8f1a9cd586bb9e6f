import type { StoreApi } from 'zustand/vanilla';
import type { Picture } from '../base/index.ts';
import type { ProjectDocument } from '../project/index.ts';
import type { AnimationHistory } from './animation-history.ts';
import type { BroughtPictures, Content, LoadedProject } from './content.ts';
import type { Frame, NewPicture } from './frames.ts';
import type { ChangeListener } from './journal.ts';

/** What the person makes, as the page sees it. */
export interface AnimationState extends Content {
  /** A start picture is being fetched, read or cut to another size, or a project is being opened. */
  readonly reading: boolean;
  /** Frames have been made that are neither kept on this device nor in a download. */
  readonly unsaved: boolean;
  /** Counts up whenever another animation takes the place of this one. */
  readonly edition: number;
}

export interface AnimationStore extends StoreApi<AnimationState> {
  /** Calls back with every change that is to be kept. */
  readonly onChange: (listener: ChangeListener) => void;
  /**
   * Makes a picture the start of a new project once it has been read; frames made before are put aside, with a way
   * back. A picture that cannot be read changes nothing. `file` may still be on its way.
   */
  readonly chooseStart: (file: Blob | Promise<Blob>, name: string) => Promise<void>;
  /** Resolves when no picture is being read any more. */
  readonly whenRead: () => Promise<void>;
  /** Adds a finished frame to the end. @throws RangeError before there is a project */
  readonly append: (frame: NewPicture) => Frame;
  /** Puts the frames aside, with a way back, and begins a new project with the same start picture. */
  readonly startOver: () => void;
  /** The frames as they are have been saved. */
  readonly markSaved: () => void;
  /** Has the animation end at a position, 0 being the start picture; what came after stays as another branch. */
  readonly goBackTo: (position: number) => void;
  /** Takes the frame at a position off the project with everything made from it, with a way back. */
  readonly removeFrom: (position: number) => void;
  /** Has the animation end at any frame of the tree. */
  readonly takeUp: (leaf: number) => void;
  /** The pixels at a position, 0 being the start picture. @throws ProjectError when they are lost */
  readonly pictureAt: (position: number) => Promise<Picture>;
  /**
   * Puts another project on the page as soon as it is there. Whatever is chosen meanwhile comes first.
   *
   * @returns what `open` gave, once it is on the page, and what it took the place of; null when something else was
   *   chosen meanwhile
   * @throws what `open` throws, when nothing else was chosen meanwhile
   */
  readonly load: <L extends LoadedProject>(
    open: (signal: AbortSignal) => Promise<L>,
  ) => Promise<(L & { readonly left: Content }) | null>;
  /** Begins a project with pictures that are there already: the first is where it starts, and all are its frames. */
  readonly bring: (brought: BroughtPictures) => void;
  /** Leaves the project, and with it an empty page. One that was just deleted is not purged, so that it can come back. */
  readonly clear: (left?: 'deleted') => void;
  /** The project has another name now. */
  readonly rename: (name: string) => void;
  /** Records for undo what the animation does not do by itself: runs, picks, opening projects. */
  readonly history: Pick<AnimationHistory, 'moved' | 'swapped'>;
  /** The project on the page as a document, or null before there is one. */
  readonly document: () => ProjectDocument | null;
}
