import { afterEach, describe, expect, it, vi } from 'vitest';
import { createCpuCompute, createWebGpuCompute, requestComputeDevice } from '../../../src/compute/index.ts';
import { compileKernel } from '../../../src/compute/webgpu/pipelines.ts';
import { openCompute } from './open.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('requestComputeDevice', () => {
  it('requests all features and limits of the adapter', async () => {
    const adapter = await navigator.gpu.requestAdapter();
    const { device, adapterName, float16 } = await requestComputeDevice(navigator.gpu, {
      allowFloat16: true,
    });
    expect(adapterName).not.toBe('');
    expect(float16).toBe(adapter?.features.has('shader-f16'));
    for (const feature of ['shader-f16', 'subgroups', 'timestamp-query'] as const) {
      expect(device.features.has(feature), feature).toBe(adapter?.features.has(feature));
    }
    for (const limit of [
      'maxBufferSize',
      'maxStorageBufferBindingSize',
      'maxStorageBuffersPerShaderStage',
      'maxComputeWorkgroupStorageSize',
      'maxComputeInvocationsPerWorkgroup',
      'maxComputeWorkgroupSizeX',
    ] as const) {
      expect(device.limits[limit], limit).toBe(adapter?.limits[limit]);
    }
    device.destroy();
  });

  it('does not request subgroups of fewer than 8 invocations', async () => {
    const adapter = await navigator.gpu.requestAdapter();
    if (adapter === null) throw new Error('this test needs an adapter');
    vi.spyOn(navigator.gpu, 'requestAdapter').mockResolvedValue(adapter);
    const { info } = adapter;
    Object.defineProperty(info, 'subgroupMinSize', { value: 4 });
    vi.spyOn(adapter, 'info', 'get').mockReturnValue(info);
    const { device } = await requestComputeDevice(navigator.gpu, { allowFloat16: true });
    expect(device.features.has('subgroups')).toBe(false);
    device.destroy();
  });

  it('disables float16 on request, and tensors of float16 are then rejected', async () => {
    const { device, float16 } = await requestComputeDevice(navigator.gpu, { allowFloat16: false });
    expect(float16).toBe(false);
    await expect(createWebGpuCompute(device, 'float16')).rejects.toMatchObject({ code: 'no-float16' });
    const compute = await createWebGpuCompute(device, 'float32');
    expect(() => compute.empty([4], 'float16')).toThrow(expect.objectContaining({ code: 'tensor-type' }));
    compute.dispose();
    device.destroy();
  });

  it('reports the loss of the device', async () => {
    const { device, lost } = await requestComputeDevice(navigator.gpu, { allowFloat16: true });
    device.destroy();
    expect(await lost).toMatchObject({ code: 'device-lost', details: { reason: 'destroyed' } });
  });

  it('rejects with a remedy where there is no GPU', async () => {
    vi.spyOn(navigator.gpu, 'requestAdapter').mockResolvedValue(null);
    await expect(requestComputeDevice(navigator.gpu, { allowFloat16: true })).rejects.toMatchObject({
      name: 'DeviceError',
      code: 'no-adapter',
    });
  });

  it('rejects with the reason why the GPU cannot be opened', async () => {
    const adapter = await navigator.gpu.requestAdapter();
    if (adapter === null) throw new Error('this test needs an adapter');
    vi.spyOn(adapter, 'requestDevice').mockRejectedValue(new Error('held by another program'));
    vi.spyOn(navigator.gpu, 'requestAdapter').mockResolvedValue(adapter);
    await expect(requestComputeDevice(navigator.gpu, { allowFloat16: true })).rejects.toMatchObject({
      name: 'DeviceError',
      code: 'device-failed',
      details: { reason: 'held by another program' },
    });
  });
});

describe('compileKernel', () => {
  it("reports the compiler's message with the line in the kernel's own source", async () => {
    const { device, compute } = await openCompute('float32');
    const source =
      '// A kernel.\n@compute @workgroup_size(1)\nfn main() {\n  let x: model_t = nonsense;\n}\n';
    const reason: unknown = expect.stringMatching(/^4:.*nonsense/);
    await expect(compileKernel(device, 'broken', { source, params: {} }, 'float32')).rejects.toMatchObject({
      name: 'DeviceError',
      code: 'shader-failed',
      details: { kernel: 'broken', reason },
    });
    // The error was reported once, to the caller, and not again as an uncaptured error of the device.
    await expect(compute.idle()).resolves.toBeUndefined();
    compute.dispose();
    device.destroy();
  });
});

describe('two devices', () => {
  it("reject each other's tensors", async () => {
    const { device, compute } = await openCompute('float32');
    const cpu = createCpuCompute();
    const here = compute.empty([1, 4], 'float32');
    const there = cpu.empty([1, 4], 'float32');
    const foreign: unknown = expect.objectContaining({ code: 'tensor-device' });
    expect(() => compute.cosines(there, there)).toThrow(foreign);
    expect(() => cpu.cosines(here, here)).toThrow(foreign);
    await expect(compute.read([there])).rejects.toEqual(foreign);
    await expect(cpu.read([here])).rejects.toEqual(foreign);
    expect(compute.liveTensors).toBe(1);
    here.dispose();
    there.dispose();
    compute.dispose();
    device.destroy();
  });

  it('two Compute objects on one device do not share uniforms', async () => {
    const { device, compute: first } = await openCompute('float32');
    const second = await createWebGpuCompute(device, 'float32');
    const key = { seed: 1, frame: 1, variant: 1 };
    const tensors = [first.empty([1, 64], 'float32'), second.empty([1, 64], 'float32')] as const;
    first.gaussianNoise([key], tensors[0]);
    second.gaussianNoise([{ ...key, seed: 2 }], tensors[1]);
    const [a, b] = await first.read(tensors);
    expect(a).not.toEqual(b);
    for (const tensor of tensors) tensor.dispose();
    first.dispose();
    second.dispose();
    device.destroy();
  });
});
