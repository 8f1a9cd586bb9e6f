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
}
