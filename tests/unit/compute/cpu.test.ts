import { describe, expect, it } from 'vitest';
import { createCpuCompute } from '../../../src/compute/index.ts';
import { describeTensors } from './contract.ts';

describe('on the CPU', () => {
  describeTensors(createCpuCompute);

  it('there is no float16', () => {
    const compute = createCpuCompute();
    expect(compute.modelType).toBe('float32');
    const picture = compute.uploadPicture({ width: 1, height: 1, data: new Uint8ClampedArray(4) });
    for (const action of [
      () => compute.empty([1], 'float16'),
      () => compute.upload(Float32Array.of(1), [1], 'float16'),
      () => compute.clipPreprocess(picture, 1, 'float16'),
    ]) {
      expect(action).toThrow(expect.objectContaining({ code: 'tensor-type' }));
    }
    picture.dispose();
    expect(compute.liveTensors).toBe(0);
  });
});
