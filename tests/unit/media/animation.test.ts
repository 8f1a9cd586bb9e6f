import { describe, expect, it } from 'vitest';
import { MediaError } from '../../../src/base/index.ts';
import { frameSize } from '../../../src/media/animation.ts';

describe('frameSize', () => {
  const frame = (width: number, height: number) => ({ width, height });

  it('is the size of the first frame', () => {
    expect(frameSize({ sizes: [frame(8, 16), frame(16, 8)] })).toEqual({ width: 8, height: 16 });
  });

  it('throws without frames', () => {
    expect(() => frameSize({ sizes: [] })).toThrow(MediaError);
  });
});
