import type { BackendChoice } from '../src/protocol/index.ts';
import type { Backend } from './backend.ts';

/** A backend that is open or being opened, with the request it was opened for. */
export interface BackendSlot {
  readonly choice: BackendChoice;
  readonly backend: Promise<Backend>;
}

/** The engine's backend: the current one, and at most one more while a model is being loaded on it. */
export class BackendPool {
  readonly #open: (choice: BackendChoice) => Promise<Backend>;
  #current: BackendSlot | null = null;

  constructor(open: (choice: BackendChoice) => Promise<Backend>) {
    this.#open = open;
  }

  /** The current backend if it was opened for this request, otherwise a new one, to be adopted or closed later. */
  reserve(choice: BackendChoice): BackendSlot {
    if (this.#current?.choice === choice) return this.#current;
    const slot = this.reopen(choice);
    // The first is kept even if its model fails to load: the next attempt needs it.
    if (!this.#current) this.#keep(slot);
    return slot;
  }

  /** Opens a new backend for the same request, to replace a lost one. It may turn out to be of another kind. */
  reopen(choice: BackendChoice): BackendSlot {
    return { choice, backend: this.#open(choice) };
  }

  /** Makes a backend the current one, and closes the previous. */
  adopt(slot: BackendSlot): void {
    if (this.#current === slot) return;
    if (this.#current) close(this.#current);
    this.#keep(slot);
  }

  /** Closes a backend unless it is the current one. */
  giveUp(slot: BackendSlot): void {
    if (slot !== this.#current) close(slot);
  }

  /** Makes a backend current until it fails to open or loses its device. */
  #keep(slot: BackendSlot): void {
    this.#current = slot;
    const forget = () => {
      if (this.#current === slot) this.#current = null;
    };
    slot.backend.then(({ lost }) => lost?.then(forget), forget);
  }
}

/** Disposes a backend once it is open. */
function close({ backend }: BackendSlot): void {
  backend.then(
    (open) => {
      open.dispose();
    },
    () => undefined,
  );
}
