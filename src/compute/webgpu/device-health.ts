import { DeviceError, LongLivedPromise } from '../../base/index.ts';
import { deviceLostError } from './device.ts';

/** Collects asynchronous errors of a device. Queued operations do not wait, so a later call throws their errors. */
export class DeviceHealth {
  /** Rejects when the device is lost, with DeviceError `device-lost`. */
  readonly lost: LongLivedPromise;
  readonly #device: GPUDevice;
  #failure: DeviceError | null = null;
  #isLost = false;
  #isClosed = false;

  constructor(device: GPUDevice) {
    this.#device = device;
    this.lost = new LongLivedPromise(
      device.lost.then((info) => {
        this.#isLost = true;
        throw (this.#failure = deviceLostError(info));
      }),
    );
    device.addEventListener('uncapturederror', this.#onError);
  }

  readonly #onError = ({ error }: GPUUncapturedErrorEvent): void => {
    this.#failure ??=
      error instanceof GPUOutOfMemoryError
        ? new DeviceError('out-of-memory', 'The GPU has no memory left.', {
            remedy:
              'Choose a smaller picture or batch, or close other tabs and programs that use the GPU. Your frames are kept.',
            details: { reason: error.message },
          })
        : new DeviceError('device-failed', 'The GPU could not do what Drift asked of it.', {
            remedy: 'Try again. If it happens again, update the browser and the graphics driver.',
            details: { reason: error.message },
          });
  };

  /** Throws if the device is lost or this object is closed. */
  requireUsable(): void {
    if (this.#isLost || this.#isClosed) this.throwFailure();
  }

  /** Throws the first error since the last call, once; loss of the device, every time. */
  throwFailure(): void {
    if (this.#isClosed) {
      throw new DeviceError('device-failed', 'This GPU path was closed already.', {
        remedy: 'Reload the page.',
      });
    }
    if (this.#failure === null) return;
    const failure = this.#failure;
    if (!this.#isLost) this.#failure = null;
    throw failure;
  }

  /** Stops listening for errors. Returns false if it was closed before. */
  close(): boolean {
    if (this.#isClosed) return false;
    this.#isClosed = true;
    this.#device.removeEventListener('uncapturederror', this.#onError);
    return true;
  }
}
