import { describe, expect, it } from 'vitest';
import { describeAdapter } from '../../../src/compute/webgpu/adapter-info.ts';

const whole = {
  features: new Set<string>(),
  limits: {},
  requestDevice: () => Promise.reject(new Error('no device is asked for')),
};

/** An adapter as a browser of some age gives it; the types know only those of today. */
function adapterOf(part: object): GPUAdapter {
  const adapter: unknown = { ...whole, ...part };
  if (!isAdapter(adapter)) throw new Error('that is no adapter');
  return adapter;
}

function isAdapter(value: unknown): value is GPUAdapter {
  return typeof value === 'object' && value !== null && 'requestDevice' in value;
}

const info = { vendor: 'acme', architecture: 'gen-9', device: '', description: '' };

describe('an adapter is described', () => {
  it.each([
    ['as today', { info: { ...info, isFallbackAdapter: false } }, 'acme gen-9', false],
    ['as today, a software one', { info: { ...info, isFallbackAdapter: true } }, 'acme gen-9', true],
    ['in Firefox 141 and Safari 26', { info }, 'acme gen-9', false],
    ['in Chrome 127 to 139', { info, isFallbackAdapter: true }, 'acme gen-9', true],
    ['in Chrome 113 to 126', { isFallbackAdapter: false }, 'GPU', false],
    ['without anything', {}, 'GPU', false],
    ['by its description', { info: { ...info, description: 'Acme 9000' } }, 'Acme 9000', false],
  ])('%s', (_, part, name, software) => {
    expect(describeAdapter(adapterOf(part))).toEqual({ name, software });
  });
});
