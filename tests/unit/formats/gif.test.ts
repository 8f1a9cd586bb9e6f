import fc from 'fast-check';
import { decompressFrames, parseGIF } from 'gifuct-js';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/base/index.ts';
import { GifLzw, gifEnd, gifFrame, gifStart, retimedGif } from '../../../src/formats/index.ts';

const palette = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
const lzw = new GifLzw();

function written(indices: Uint8Array, width: number, height: number, comment: string | null = null) {
  return concatBytes([
    gifStart({ width, height, palette, loop: true, comment }),
    gifFrame({ x: 0, y: 0, width, height, delay: 7, transparent: null, data: lzw.encode(indices, 8) }),
    gifEnd,
  ]);
}

function readBack(gif: Uint8Array<ArrayBuffer>) {
  return decompressFrames(parseGIF(gif.buffer), false);
}

describe('GIF', () => {
  it('gives back every index, however the table fills up', () => {
    const noise = fc.uint8Array({ minLength: 1, maxLength: 300 });
    const few = fc
      .array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 300 })
      .map((a) => Uint8Array.from(a));
    fc.assert(
      fc.property(fc.oneof(noise, few), fc.integer({ min: 1, max: 60 }), (part, times) => {
        const indices = concatBytes(Array.from({ length: times }, () => part));
        const [frame] = readBack(written(indices, indices.length, 1));
        expect(Buffer.from(frame?.pixels ?? []).equals(Buffer.from(indices))).toBe(true);
      }),
    );
  });

  it('gives back as many indices as fill the table several times', () => {
    let state = 1;
    const indices = Uint8Array.from({ length: 200_000 }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
    const [frame] = readBack(written(indices, 500, 400));
    expect(Buffer.from(frame?.pixels ?? []).equals(Buffer.from(indices))).toBe(true);
  });

  it('can be timed anew and given a comment, also a long one', () => {
    const gif = written(Uint8Array.of(1, 2, 3, 4), 2, 2);
    const comment = 'seed '.repeat(200);
    const retimed = retimedGif(gif, { delays: [321], comment });
    const [frame] = readBack(retimed);
    expect(frame).toMatchObject({ delay: 3210, pixels: [1, 2, 3, 4] });
    expect(retimed.length).toBeGreaterThan(gif.length + comment.length);
    expect(() => retimedGif(gif, { delays: [1, 2], comment: null })).toThrow('1 frames');
  });
});
