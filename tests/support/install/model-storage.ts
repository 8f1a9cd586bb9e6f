import type { ModelFiles } from '../../../src/models/install/index.ts';
import { WorkerLocks } from '../../../workers/locks.ts';
import type { ModelStorage } from '../../../workers/model-keeping.ts';
import { MemoryLocks } from '../storage/web-locks.ts';
import type { LockClient } from '../storage/web-locks.ts';
import { MemoryFiles } from './memory-files.ts';

/** Models of one device, in memory, with the locks that its tabs share: what its first worker has of them. */
export class MemoryModels implements ModelStorage {
  readonly locks = new MemoryLocks();
  readonly files = new MemoryFiles(undefined, new WorkerLocks(this.locks.client()));
  readonly hold = this.files.hold;

  /** What another worker has, until that dies. */
  worker(): WorkerModels {
    return new WorkerModels(this);
  }
}

/** What a worker has of a device's models. Once it is dead its calls are never answered: its code no longer runs. */
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
      room: () => this.#run(() => files.room()),
    };
    this.hold = (id, mode) => this.#run(() => files.hold(id, mode));
  }

  /** The browser ends the worker, closes its files and gives its locks back. */
  die(): void {
    this.#dead = true;
    this.#models.files.die();
    this.#locks.die();
  }

  #run<T>(work: () => Promise<T>): Promise<T> {
    return this.#dead ? new Promise<T>(() => undefined) : work();
  }
}
