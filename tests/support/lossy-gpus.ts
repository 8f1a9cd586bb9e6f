import { DeviceError } from '../../src/base/index.ts';
import { createCpuCompute } from '../../src/compute/index.ts';
import type { Compute } from '../../src/compute/index.ts';
import type { Backend } from '../../workers/backend.ts';
import { openCpuRuntime } from './cpu-runtime.ts';
import { targetWithin } from './kernels.ts';
import { WatchedRuntime } from './watched-runtime.ts';

/** An opened fake GPU, and what a test can do to it. */
export interface LossyGpu {
  readonly backend: string;
  readonly runtime: WatchedRuntime;
  readonly compute: Compute;
  isLost: boolean;
  disposed: boolean;
  /** Uses of the backend after `dispose`; tests assert that this is empty. */
  readonly misuse: string[];
  /**
   * Simulates the loss of the device: networks fail to run and nothing can be read. Sessions can still be created, as
   * in browsers.
   */
  readonly lose: () => void;
}

/** Fake GPUs that compute on the CPU and can be lost. */
export class LossyGpus {
  readonly opened: LossyGpu[] = [];
  precision: 'float16' | 'float32' = 'float32';
  /** Whether opening fails, as if no adapter were available. */
  fails = false;
  /** Maximum buffer size of GPUs opened from now on, in bytes: enough for pictures of 64×64, not of 128×128. */
  largest = 1e6;
  /** Called with each opened GPU before it is used. */
  onOpen: (gpu: LossyGpu) => void = () => undefined;

  readonly open = async (backend = 'webgpu'): Promise<Backend> => {
    if (this.fails) throw new DeviceError('no-adapter', 'There is no GPU.', { remedy: 'Wait for one.' });
    let settleLost: (reason: unknown) => void = () => undefined;
    const lost = new Promise((resolve) => (settleLost = resolve));
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
        settleLost(gone);
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
      target: targetWithin({
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
