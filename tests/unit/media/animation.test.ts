import { describe, expect, it } from 'vitest';
import { MediaError } from '../../../src/base/index.ts';
import { frameSize } from '../../../src/media/animation.ts';

describe('frameSize', () => {
  const frame = (width: number, height: number) => ({ width, height });

  it('is the size of every frame', () => {
    expect(frameSize({ sizes: [frame(8, 16), frame(8, 16)] })).toEqual({ width: 8, height: 16 });
  });

  it('names the first frame with another size', () => {
    const frames = [frame(8, 16), frame(8, 16), frame(16, 8)];
    const attempt = () => frameSize({ sizes: frames });
    expect(attempt).toThrow(MediaError);
    expect(attempt).toThrow(/frame 3 is 16 × 8/);
  });

  it('throws without frames', () => {
    expect(() => frameSize({ sizes: [] })).toThrow(MediaError);
  });
});
