import type { Backend } from '../src/protocol/index.ts';
import type { Machine } from './machine.ts';

/** A backend that is open or being opened, with the request it was opened for. */
export interface Station {
  readonly backend: Backend;
  readonly machine: Promise<Machine>;
}

/** The engine's backend: the current one, and at most one more while a model is being loaded on it. */
export class Machines {
  readonly #open: (backend: Backend) => Promise<Machine>;
  #current: Station | null = null;

  constructor(open: (backend: Backend) => Promise<Machine>) {
    this.#open = open;
  }

  /** The current backend if it was opened for this request, otherwise a new one, to be adopted or closed later. */
  reserve(backend: Backend): Station {
    if (this.#current?.backend === backend) return this.#current;
    const station = this.reopen(backend);
    // The first is kept even if its model fails to load: the next attempt needs it.
    if (!this.#current) this.#keep(station);
    return station;
  }

  /** Opens a new backend for the same request, to replace a lost one. It may turn out to be of another kind. */
  reopen(backend: Backend): Station {
    return { backend, machine: this.#open(backend) };
  }

  /** Makes a backend the current one, and closes the previous. */
  adopt(station: Station): void {
    if (this.#current === station) return;
    if (this.#current) close(this.#current);
    this.#keep(station);
  }

  /** Closes a backend unless it is the current one. */
  giveUp(station: Station): void {
    if (station !== this.#current) close(station);
  }

  /** Makes a backend current until it fails to open or loses its device. */
  #keep(station: Station): void {
    this.#current = station;
    const forget = () => {
      if (this.#current === station) this.#current = null;
    };
    station.machine.then(({ lost }) => lost?.then(forget), forget);
  }
}

/** Disposes a backend once it is open. */
function close({ machine }: Station): void {
  machine.then(
    (open) => {
      open.dispose();
    },
    () => undefined,
  );
}
