import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Compute } from '../../../src/compute/index.ts';
import { normal, values } from '../../unit/compute/support.ts';
import { openCompute } from './open.ts';

/** Counts the buffers of a device that were created and not destroyed. */
function watchBuffers(device: GPUDevice) {
  const alive = new Set<GPUBuffer>();
  const maps: number[] = [];
  const create = device.createBuffer.bind(device);
  vi.spyOn(device, 'createBuffer').mockImplementation((descriptor) => {
    const buffer = create(descriptor);
    alive.add(buffer);
    const destroy = buffer.destroy.bind(buffer);
    vi.spyOn(buffer, 'destroy').mockImplementation(() => {
      alive.delete(buffer);
      destroy();
      return undefined;
    });
    const mapAsync = buffer.mapAsync.bind(buffer);
    vi.spyOn(buffer, 'mapAsync').mockImplementation((...args) => {
      maps.push(buffer.size);
      return mapAsync(...args);
    });
    return buffer;
  });
  return { alive, maps };
}

describe('Compute.read', () => {
  let compute: Compute;
  let device: GPUDevice;
  let watched: ReturnType<typeof watchBuffers>;

  beforeEach(async () => {
    ({ compute, device } = await openCompute('float16'));
    watched = watchBuffers(device);
  });
  afterEach(() => {
    compute.dispose();
    device.destroy();
  });

  it('waits for the GPU once, however many tensors there are', async () => {
    const tensors = [
      compute.upload(await normal(1, 7), [7]),
      compute.upload(await normal(2, 5), [5], 'float16'),
      compute.uploadPicture({ width: 3, height: 1, data: new Uint8ClampedArray(12).fill(3) }),
      compute.upload(await normal(3, 1), [1], 'float16'),
    ];
    const out = await compute.read(tensors);
    expect(out.map((data) => data.length)).toEqual([7, 5, 12, 1]);
    expect(watched.maps).toHaveLength(1);
    expect(out[0]).toEqual(await normal(1, 7));
    expect(out[2]).toEqual(new Uint8ClampedArray(12).fill(3));
    for (const tensor of tensors) tensor.dispose();
    expect(watched.alive.size).toBe(0);
  });

  it('does not wait for the GPU without tensors', async () => {
    expect(await compute.read([])).toEqual([]);
    expect(watched.maps).toHaveLength(0);
  });

  it('clipGuidance frees its temporary buffers', async () => {
    const embeds = compute.upload(await normal(1, 64), [2, 32]);
    const { shifted, report } = compute.clipGuidance(embeds, {
      text: null,
      positives: 0,
      negatives: 0,
      positiveScale: 1,
      negativeScale: 1,
      repeats: 3,
    });
    await compute.read([shifted, report]);
    expect(watched.alive.size).toBe(3);
    for (const tensor of [embeds, shifted, report]) tensor.dispose();
    expect(watched.alive.size).toBe(0);
    expect(compute.liveTensors).toBe(0);
  });

  it('can be aborted while the GPU works, frees its buffer at once, and can be called again', async () => {
    const noise = compute.empty([1, 4_000_000], 'float32');
    const key = { seed: 1, frame: 1, variant: 1 };
    for (let round = 0; round < 4; round++) compute.gaussianNoise([key], noise);
    const controller = new AbortController();
    const reading = compute.read([noise], controller.signal);
    expect(watched.alive.size).toBe(2);
    const reason = new DOMException('Stopped.', 'AbortError');
    controller.abort(reason);
    expect(watched.alive.size).toBe(1);
    await expect(reading).rejects.toBe(reason);
    const again = await compute.read([compute.head(noise, 1)], new AbortController().signal);
    expect(again[0]).toHaveLength(4_000_000);
    expect(again[0]?.[0]).not.toBe(0);
    noise.dispose();
    expect(watched.alive.size).toBe(0);
  });

  it('removes its listener from the signal', async () => {
    const tensor = compute.empty([4], 'float32');
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    await compute.read([tensor], signal);
    expect(added).toHaveBeenCalledTimes(1);
    expect(removed.mock.calls[0]?.[1]).toBe(added.mock.calls[0]?.[1]);
    tensor.dispose();
  });

  it('rejects when the device is lost meanwhile, and on every later call', async () => {
    const tensor = compute.empty([1, 1_000_000], 'float32');
    compute.gaussianNoise([{ seed: 1, frame: 1, variant: 1 }], tensor);
    const reading = compute.read([tensor]);
    device.destroy();
    const lost: unknown = expect.objectContaining({ name: 'DeviceError', code: 'device-lost' });
    await expect(reading).rejects.toEqual(lost);
    await expect(compute.read([tensor])).rejects.toEqual(lost);
    await expect(compute.idle()).rejects.toEqual(lost);
    expect(() => compute.empty([4], 'float32')).toThrow(lost);
    expect(() => {
      compute.gaussianNoise([{ seed: 1, frame: 1, variant: 1 }], tensor);
    }).toThrow(lost);
    tensor.dispose();
    expect(watched.alive.size).toBe(0);
  });

  it('rejects when the buffer cannot be mapped', async () => {
    const tensor = compute.empty([4], 'float32');
    const make = device.createBuffer.bind(device);
    vi.spyOn(device, 'createBuffer').mockImplementationOnce((descriptor) => {
      const buffer = make(descriptor);
      vi.spyOn(buffer, 'mapAsync').mockRejectedValue(new DOMException('no', 'OperationError'));
      return buffer;
    });
    await expect(compute.read([tensor])).rejects.toMatchObject({
      name: 'DeviceError',
      code: 'device-failed',
      details: { reason: 'no' },
    });
    tensor.dispose();
    expect(watched.alive.size).toBe(0);
  });

  it('copyRows rejects float16 rows that start within a 32-bit word', () => {
    const target = compute.empty([3, 3], 'float16');
    const source = compute.empty([1, 3], 'float16');
    expect(() => {
      compute.copyRows(source, target, 1);
    }).toThrow(expect.objectContaining({ code: 'tensor-shape' }));
    source.dispose();
    target.dispose();
  });

  it('reports an error of the device since the last call, once', async () => {
    const tensor = compute.empty([4], 'float32');
    // Causes an error that the device reports asynchronously: use of a buffer beyond its end.
    const encoder = device.createCommandEncoder();
    encoder.clearBuffer(device.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_DST }), 0, 64);
    device.queue.submit([encoder.finish()]);
    await expect(compute.read([tensor])).rejects.toMatchObject({
      name: 'DeviceError',
      code: 'device-failed',
    });
    expect(await values(compute, tensor)).toEqual([0, 0, 0, 0]);
    tensor.dispose();
  });

  it('empty() rejects a tensor that the device cannot bind, before creating its buffer', () => {
    const elements = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize) / 4;
    expect(() => compute.empty([elements + 4], 'float32')).toThrow(
      expect.objectContaining({ name: 'DeviceError', code: 'tensor-too-large' }),
    );
    expect(compute.liveTensors).toBe(0);
    expect(watched.alive.size).toBe(0);
  });

  it('rejects after dispose(), which frees all buffers except tensors', async () => {
    const { compute: other, device: otherDevice } = await openCompute('float32');
    const made = watchBuffers(otherDevice);
    const tensor = other.empty([4], 'float32');
    other.dispose();
    other.dispose();
    await expect(other.read([tensor])).rejects.toMatchObject({ name: 'DeviceError' });
    expect(made.alive.size).toBe(1);
    tensor.dispose();
    expect(made.alive.size).toBe(0);
    otherDevice.destroy();
  });
});
