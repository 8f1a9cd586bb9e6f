import { DeviceError } from '../../src/base/index.ts';
import { createCpuCompute } from '../../src/compute/index.ts';
import type { Compute } from '../../src/compute/index.ts';
import { targetFor } from '../../src/models/index.ts';
import type { Backend } from '../../workers/backend.ts';
import { openCpuRuntime } from './cpu-runtime.ts';
import { WatchedRuntime } from './watched-runtime.ts';

/** A GPU that was opened, and what a test does to it. */
export interface LossyGpu {
  readonly backend: string;
  readonly runtime: WatchedRuntime;
  readonly compute: Compute;
  isLost: boolean;
  disposed: boolean;
  /** What was asked of it after it had been disposed of. */
  readonly misuse: string[];
  /** From here on no network runs on it and nothing can be read from it. Sessions can still be made, as in browsers. */
  readonly lose: () => void;
}

/** GPUs that compute on the processor, and can be lost. */
export class LossyGpus {
  readonly opened: LossyGpu[] = [];
  precision: 'float16' | 'float32' = 'float32';
  /** There is none at the moment. */
  fails = false;
  /** The largest buffer of those that are opened, in bytes: enough for pictures of 64×64, not of 128×128. */
  largest = 1e6;
  /** Called with each that is opened, before it is used. */
  onOpen: (gpu: LossyGpu) => void = () => undefined;

  readonly open = async (backend = 'webgpu'): Promise<Backend> => {
    if (this.fails) throw new DeviceError('no-adapter', 'There is no GPU.', { remedy: 'Wait for one.' });
    let tell: (reason: unknown) => void = () => undefined;
    const lost = new Promise((resolve) => (tell = resolve));
    const gone = new DeviceError('device-lost', 'The GPU stopped working.', { remedy: 'Start again.' });
    const runtime = new WatchedRuntime(await openCpuRuntime());
    const compute = createCpuCompute();
    const opened: LossyGpu = {
      backend,
      runtime,
      compute,
      isLost: false,
      disposed: false,
      misuse: [],
      lose: () => {
        opened.isLost = true;
        runtime.onRun = () => {
          throw new DeviceError('run-failed', 'The network stopped.', { remedy: 'Try again.' });
        };
        compute.read = () => Promise.reject(gone);
        tell(gone);
      },
    };
    this.opened.push(opened);
    this.onOpen(opened);
    return {
      compute,
      runtime,
      device: {
        kind: 'webgpu',
        precision: this.precision,
        name: '',
        reason: '',
        software: false,
        limits: null,
      },
      target: targetFor('float32', false, {
        maxBufferSize: 2 ** 40,
        maxStorageBufferBindingSize: this.largest,
      }),
      lost,
      dispose: () => {
        if (opened.disposed) return;
        opened.disposed = true;
        opened.lose();
        runtime.onCreate = (name) => {
          opened.misuse.push(`${name} is loaded`);
          throw gone;
        };
        runtime.onRun = (name) => {
          opened.misuse.push(`${name} is run`);
          throw gone;
        };
      },
    };
  };
}
