import type { StorageFault } from '../../../support/storage/faults.ts';

/** Relative position in a list or animation, 0 to 1. */
export type Share = number;

/** How a step is undone: not at all, by its notice, or by Undo, Redo and Undo in quick succession. */
export type Undo = false | 'notice' | 'keys' | 'hasty keys';

/** What is done with selected frames of the strip. */
export type Edit = 'delete' | 'duplicate' | 'hold' | 'move on' | 'keep only';

/** What a person does, and what else happens at that moment. */
export type Step =
  | {
      readonly kind: 'generate';
      readonly frames: number;
      readonly end: 'done' | 'stopped' | 'lost';
      readonly at: number;
    }
  | { readonly kind: 'pick'; readonly rolls: number; readonly variant: number }
  | { readonly kind: 'goBack'; readonly to: Share }
  | { readonly kind: 'deleteFrames'; readonly from: Share; readonly undo: Undo }
  | {
      readonly kind: 'edit';
      readonly how: Edit;
      readonly from: Share;
      readonly to: Share;
      readonly undo: Exclude<Undo, 'notice'>;
    }
  | { readonly kind: 'remake'; readonly at: Share }
  | { readonly kind: 'choose'; readonly value: number; readonly undo: Undo }
  | { readonly kind: 'startOver'; readonly undo: Undo }
  /** Another size, and back, if no frame depends on it. */
  | { readonly kind: 'resize' }
  | { readonly kind: 'leave' }
  | { readonly kind: 'open'; readonly which: Share }
  | { readonly kind: 'rename'; readonly which: Share; readonly name: string }
  | { readonly kind: 'duplicate'; readonly which: Share }
  | { readonly kind: 'delete'; readonly which: Share; readonly undo: Undo }
  | { readonly kind: 'export' }
  | { readonly kind: 'reload' }
  | { readonly kind: 'die'; readonly worker: 'media' | 'projects' | 'diffusion' };

/** A storage call that fails during a step. */
export interface Fault {
  readonly fault: StorageFault;
  readonly nth: number;
}
