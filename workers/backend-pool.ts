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
  readonly #isInUse: (backend: Backend) => boolean;
  #current: BackendSlot | null = null;
  /** Those on which a model is being loaded. */
  readonly #reserved = new Set<BackendSlot>();

  /** @param isInUse Whether the engine's model is loaded on a backend; the engine disposes that one itself. */
  constructor(open: (choice: BackendChoice) => Promise<Backend>, isInUse: (backend: Backend) => boolean) {
    this.#open = open;
    this.#isInUse = isInUse;
  }

  /** The current backend if it was opened for this request, otherwise a new one, to be adopted or closed later. */
  reserve(choice: BackendChoice): BackendSlot {
    if (this.#current?.choice === choice) {
      this.#reserved.add(this.#current);
      return this.#current;
    }
    const slot = this.reopen(choice);
    // The first is kept even if its model fails to load: the next attempt needs it.
    if (!this.#current) this.#keep(slot);
    return slot;
  }

  /** Opens a new backend for the same request, to replace a lost one. It may turn out to be of another kind. */
  reopen(choice: BackendChoice): BackendSlot {
    const slot = { choice, backend: this.#open(choice) };
    this.#reserved.add(slot);
    return slot;
  }

  /** Makes a backend the current one, and closes the previous. */
  adopt(slot: BackendSlot): void {
    this.#reserved.delete(slot);
    if (this.#current === slot) return;
    if (this.#current) close(this.#current);
    this.#keep(slot);
  }

  /** Closes a backend, unless it is the current one or the engine's model is on it. */
  giveUp(slot: BackendSlot): void {
    this.#reserved.delete(slot);
    if (slot === this.#current) return;
    slot.backend.then(
      (backend) => {
        if (!this.#isInUse(backend)) backend.dispose();
      },
      () => undefined,
    );
  }

  /** Makes a backend current until it fails to open or loses its device. */
  #keep(slot: BackendSlot): void {
    this.#current = slot;
    const forget = () => {
      if (this.#current === slot) this.#current = null;
    };
    const onLost = (backend: Backend) => {
      forget();
      // Without a model on it, nothing else refers to it.
      if (!this.#reserved.has(slot) && !this.#isInUse(backend)) backend.dispose();
    };
    slot.backend.then((backend) => {
      void backend.lost?.then(() => {
        onLost(backend);
      });
    }, forget);
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
