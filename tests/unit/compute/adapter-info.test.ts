import { describe, expect, it } from 'vitest';
import { requestComputeDevice } from '../../../src/compute/index.ts';
import { describeAdapter } from '../../../src/compute/webgpu/adapter-info.ts';
import { failure } from '../../support/failure.ts';

const whole = {
  features: new Set<string>(),
  limits: {},
  requestDevice: () => Promise.reject(new Error('no device is asked for')),
};

/** An adapter as older and newer browsers define it; the type declarations have only the newest form. */
function adapterOf(part: object): GPUAdapter {
  const adapter: unknown = { ...whole, ...part };
  if (!isAdapter(adapter)) throw new Error('that is no adapter');
  return adapter;
}

function isAdapter(value: unknown): value is GPUAdapter {
  return typeof value === 'object' && value !== null && 'requestDevice' in value;
}

const info = { vendor: 'acme', architecture: 'gen-9', device: '', description: '' };

function gpuWith(adapter: GPUAdapter): GPU {
  const gpu: unknown = { requestAdapter: () => Promise.resolve(adapter) };
  if (!isGpu(gpu)) throw new Error('that is no GPU');
  return gpu;
}

function isGpu(value: unknown): value is GPU {
  return typeof value === 'object' && value !== null && 'requestAdapter' in value;
}

describe('requestComputeDevice', () => {
  it('requests no feature and no limit unknown to the browser, which would reject it', async () => {
    const asked: unknown[] = [];
    const adapter = adapterOf({
      features: new Set(['timestamp-query', 'depth-clip-control']),
      limits: { maxBufferSize: 5, maxBindGroups: 4 },
      requestDevice: (descriptor: unknown) => {
        asked.push(descriptor);
        return Promise.reject(new Error('as far as this one goes'));
      },
    });
    await failure(requestComputeDevice(gpuWith(adapter), { allowFloat16: true }));
    expect(asked).toEqual([
      { label: 'drift', requiredFeatures: ['timestamp-query'], requiredLimits: { maxBufferSize: 5 } },
    ]);
  });
});

describe('a software GPU', () => {
  const software = adapterOf({ info: { ...info, isFallbackAdapter: true } });
  const code = async (allowSoftware: boolean) =>
    (await failure(requestComputeDevice(gpuWith(software), { allowFloat16: true, allowSoftware }))).code;

  it('is opened only on request', async () => {
    expect(await code(false)).toBe('software-gpu');
    expect(await code(true), 'requested; the fake adapter then fails to create a device').toBe(
      'device-failed',
    );
  });
});

describe('describeAdapter', () => {
  it.each([
    ['current browsers', { info: { ...info, isFallbackAdapter: false } }, 'acme gen-9', false],
    [
      'current browsers, a software adapter',
      { info: { ...info, isFallbackAdapter: true } },
      'acme gen-9',
      true,
    ],
    ['Firefox 141 and Safari 26', { info }, 'acme gen-9', false],
    ['Chrome 127 to 139', { info, isFallbackAdapter: true }, 'acme gen-9', true],
    ['Chrome 113 to 126', { isFallbackAdapter: false }, 'GPU', false],
    ['no information at all', {}, 'GPU', false],
    ['with a description', { info: { ...info, description: 'Acme 9000' } }, 'Acme 9000', false],
  ])('%s', (_, part, name, software) => {
    expect(describeAdapter(adapterOf(part))).toEqual({ name, software });
  });
});
