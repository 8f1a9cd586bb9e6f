import type { ModelFiles, ModelFileWriter } from '../../../src/models/install/index.ts';
import type { ModelStorage } from '../../../workers/model-keeping.ts';
import { MemoryFiles } from './memory-files.ts';

/** Models of one device, in memory, with the locks that its tabs share. */
export class MemoryModels implements ModelStorage {
  readonly files = new MemoryFiles();
  /** How often each model is held: a number of shared holds, or that of somebody who wants it alone. */
  readonly held = new Map<string, number | 'alone'>();

  hold(id: string, mode: 'exclusive' | 'shared'): Promise<(() => void) | null> {
    const now = this.held.get(id) ?? 0;
    if (now === 'alone' || (mode === 'exclusive' && now > 0)) return Promise.resolve(null);
    this.held.set(id, mode === 'exclusive' ? 'alone' : now + 1);
    return Promise.resolve(() => {
      const then = this.held.get(id) ?? 0;
      this.held.set(id, then === 'alone' ? 0 : then - 1);
    });
  }

  /** The storage as one worker has it, until that dies. */
  worker(): WorkerModels {
    return new WorkerModels(this);
  }
}

/** What a worker has of a device's models. Once it is dead its calls are never answered: its code no longer runs. */
class WorkerModels implements ModelStorage {
  readonly files: ModelFiles;
  readonly #models: MemoryModels;
  readonly #held = new Set<() => void>();
  #dead = false;

  constructor(models: MemoryModels) {
    this.#models = models;
    const { files } = models;
    this.files = {
      list: () => this.#run(() => files.list()),
      files: (model) => this.#run(() => files.files(model)),
      open: (model, name) => this.#run(() => files.open(model, name)),
      writer: (model, name) => this.#run<ModelFileWriter>(() => files.writer(model, name)),
      remove: (model) => this.#run(() => files.remove(model)),
      room: () => this.#run(() => files.room()),
    };
  }

  hold(id: string, mode: 'exclusive' | 'shared'): Promise<(() => void) | null> {
    return this.#run(async () => {
      const release = await this.#models.hold(id, mode);
      if (!release) return null;
      const letGo = () => {
        if (this.#held.delete(letGo)) release();
      };
      this.#held.add(letGo);
      return letGo;
    });
  }

  /** The browser ends the worker, gives its locks back, and closes its files. */
  die(): void {
    this.#dead = true;
    for (const letGo of [...this.#held]) letGo();
    this.#models.files.die();
  }

  #run<T>(work: () => Promise<T>): Promise<T> {
    return this.#dead ? new Promise<T>(() => undefined) : work();
  }
}
