import { createCpuCompute } from '../../src/compute/index.ts';
import { targetFor } from '../../src/models/index.ts';
import type { Runtime } from '../../src/runtime/index.ts';
import type { Backend } from '../../workers/backend.ts';

/** The engine's backend on the CPU, in float32, with a runtime of the test. */
export function cpuBackend(runtime: Runtime, dispose: () => void = () => undefined): Backend {
  return {
    compute: createCpuCompute(),
    runtime,
    device: { kind: 'cpu', precision: 'float32', name: '', reason: '', software: false, limits: null },
    target: targetFor('float32', false),
    lost: null,
    dispose,
  };
}
