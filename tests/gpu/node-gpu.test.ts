import { afterEach, describe, expect, it } from 'vitest';
import { openNodeGpu } from '../../tools/node-gpu.ts';

const devices: GPUDevice[] = [];

async function openDevice(float16 = true): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error('no adapter');
  const device = await adapter.requestDevice({ requiredFeatures: float16 ? ['shader-f16'] : [] });
  devices.push(device);
  return device;
}

/** Reads `bytes` bytes of a buffer. */
async function read(device: GPUDevice, buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
  const staging = device.createBuffer({
    size: bytes,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, bytes);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const copy = staging.getMappedRange().slice(0);
  staging.destroy();
  return copy;
}

afterEach(() => {
  for (const device of devices.splice(0)) device.destroy();
});

describe('the software GPU in Node', () => {
  it('computes in float16', async () => {
    const device = await openDevice();
    const buffer = device.createBuffer({
      size: 4,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
    });
    const module = device.createShaderModule({
      code: `enable f16;
        @group(0) @binding(0) var<storage, read_write> out: array<f16>;
        @compute @workgroup_size(1) fn main() { out[0] = 2049.0h; out[1] = f16(out[0]) + 1.0h; }`,
    });
    const pipeline = await device.createComputePipelineAsync({
      layout: 'auto',
      compute: { module, entryPoint: 'main' },
    });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(
      0,
      device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: [{ binding: 0, resource: { buffer } }],
      }),
    );
    pass.dispatchWorkgroups(1);
    pass.end();
    device.queue.submit([encoder.finish()]);
    const bits = new Uint16Array(await read(device, buffer, 4));
    // float16 has 11 bits: 2049 is a tie, which rounds to the even 2048, and so does 2048 + 1.
    expect([...bits]).toEqual([0x6800, 0x6800]);
  });

  it('writes views on shared memory, counting offsets in elements', async () => {
    const device = await openDevice();
    const buffer = device.createBuffer({
      size: 16,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
    });
    const memory = new SharedArrayBuffer(32);
    const view = new Float32Array(memory, 8);
    view.set([1, 2, 3, 4, 5, 6]);
    // Neither Dawn nor the type declarations accept views of shared memory; browsers do.
    const write = device.queue.writeBuffer.bind(device.queue);
    Reflect.apply(write, null, [buffer, 4, view, 2, 3]);
    expect([...new Float32Array(await read(device, buffer, 16))]).toEqual([0, 3, 4, 5]);
  });

  it('can hide float16, like an older GPU', async () => {
    const opened = await openNodeGpu({ float16: false });
    if (opened.gpu === null) throw new Error(opened.reason);
    expect(opened.float16).toBe(false);
    const adapter = await opened.gpu.requestAdapter();
    expect(adapter?.features.has('shader-f16')).toBe(false);
    await expect(adapter?.requestDevice({ requiredFeatures: ['shader-f16'] })).rejects.toThrow(TypeError);
  });
});
