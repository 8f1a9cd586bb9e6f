import type { ModelFiles } from '../../../src/models/install/index.ts';
import { WorkerLocks } from '../../../workers/locks.ts';
import type { ModelStorage } from '../../../workers/model-handlers.ts';
import { MemoryLocks } from '../storage/web-locks.ts';
import type { LockClient } from '../storage/web-locks.ts';
import { MemoryFiles } from './memory-files.ts';

/** In-memory model storage of a device, with locks shared by its tabs, as seen by its first worker. */
export class MemoryModels implements ModelStorage {
  readonly locks = new MemoryLocks();
  readonly files = new MemoryFiles(undefined, new WorkerLocks(this.locks.client()));
  readonly hold = this.files.hold;

  /** Storage as seen by another worker. */
  worker(): WorkerModels {
    return new WorkerModels(this);
  }
}

/** A worker's view of the model storage. After `die`, its calls never settle. */
class WorkerModels implements ModelStorage {
  readonly files: ModelFiles;
  readonly hold: ModelStorage['hold'];
  readonly #models: MemoryModels;
  readonly #locks: LockClient;
  #dead = false;

  constructor(models: MemoryModels) {
    this.#models = models;
    this.#locks = models.locks.client();
    const files = new MemoryFiles(models.files.disk, new WorkerLocks(this.#locks));
    this.files = {
      list: () => this.#run(() => files.list()),
      files: (model) => this.#run(() => files.files(model)),
      open: (model, name) => this.#run(() => files.open(model, name)),
      writer: (model, name) => this.#run(() => files.writer(model, name)),
      remove: (model) => this.#run(() => files.remove(model)),
      freeSpace: () => this.#run(() => files.freeSpace()),
    };
    this.hold = (id, mode) => this.#run(() => files.hold(id, mode));
  }

  /** Simulates the end of the worker: the browser closes its files and releases its locks. */
  die(): void {
    this.#dead = true;
    this.#models.files.die();
    this.#locks.die();
  }

  #run<T>(work: () => Promise<T>): Promise<T> {
    return this.#dead ? new Promise<T>(() => undefined) : work();
  }
}
