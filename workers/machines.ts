import type { Backend } from '../src/protocol/index.ts';
import type { Machine } from './machine.ts';

/** A machine that is open or being opened, and what it was opened for. */
export interface Station {
  readonly backend: Backend;
  readonly machine: Promise<Machine>;
}

/** The engine's machine: one at a time, beside it at most the one that a model is being loaded on. */
export class Machines {
  readonly #open: (backend: Backend) => Promise<Machine>;
  #current: Station | null = null;

  constructor(open: (backend: Backend) => Promise<Machine>) {
    this.#open = open;
  }

  /** The current machine where it was opened for this backend, or another one, which is closed or adopted later. */
  reserve(backend: Backend): Station {
    if (this.#current?.backend === backend) return this.#current;
    const station = this.reopen(backend);
    // The first is kept even if its model cannot be opened: the next attempt needs it.
    if (!this.#current) this.#keep(station);
    return station;
  }

  /** Another machine of the same backend, in the place of one whose device was lost. It may be of another kind. */
  reopen(backend: Backend): Station {
    return { backend, machine: this.#open(backend) };
  }

  /** Makes a station the current one, and closes the one before. */
  adopt(station: Station): void {
    if (this.#current === station) return;
    if (this.#current) close(this.#current);
    this.#keep(station);
  }

  /** Closes a station unless it is the current one. */
  giveUp(station: Station): void {
    if (station !== this.#current) close(station);
  }

  /** The current station from here on, until its machine cannot be opened or its device is lost. */
  #keep(station: Station): void {
    this.#current = station;
    const forget = () => {
      if (this.#current === station) this.#current = null;
    };
    station.machine.then(({ lost }) => lost?.then(forget), forget);
  }
}

/** Frees a machine once it is open; one that could not be opened has nothing to free. */
function close({ machine }: Station): void {
  machine.then(
    (open) => {
      open.dispose();
    },
    () => undefined,
  );
}
