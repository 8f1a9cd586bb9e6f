import fc from 'fast-check';
import { decompressFrames, parseGIF } from 'gifuct-js';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/base/index.ts';
import { GifLzw, gifEnd, gifFrame, gifStart } from '../../../src/formats/index.ts';

const palette = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
const lzw = new GifLzw();

function written(indices: Uint8Array, width: number, height: number) {
  return concatBytes([
    gifStart({ width, height, palette, plays: 0, comment: null }),
    gifFrame({
      x: 0,
      y: 0,
      width,
      height,
      delay: 7,
      transparent: null,
      palette: null,
      data: lzw.encode(indices, 8),
    }),
    gifEnd,
  ]);
}

function readBack(gif: Uint8Array<ArrayBuffer>) {
  return decompressFrames(parseGIF(gif.buffer), false);
}

describe('the GIF writer', () => {
  it('round-trips every index, however the LZW table fills up', () => {
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

  it('round-trips indices that fill the LZW table several times', () => {
    let state = 1;
    const indices = Uint8Array.from({ length: 200_000 }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
    const [frame] = readBack(written(indices, 500, 400));
    expect(Buffer.from(frame?.pixels ?? []).equals(Buffer.from(indices))).toBe(true);
  });

  it.each([
    [0, [0, 0]],
    [2, [1, 0]],
    [300, [0x2b, 1]],
    [65_536, [255, 255]],
  ])('counts repeats after the first time: %i times', (plays, repeats) => {
    const start = gifStart({ width: 1, height: 1, palette: null, plays, comment: null });
    expect(Buffer.from(start).toString('latin1')).toContain('NETSCAPE2.0');
    expect([...start.slice(-5)]).toEqual([3, 1, ...repeats, 0]);
  });

  it('writes no repetition for a file that plays once', () => {
    const start = gifStart({ width: 1, height: 1, palette: null, plays: 1, comment: null });
    expect(Buffer.from(start).toString('latin1')).not.toContain('NETSCAPE');
  });

  it('writes a local palette, and a comment of several blocks', () => {
    const own = palette.toReversed();
    const size = { width: 2, height: 2 };
    const comment = 'seed '.repeat(200);
    const gif = concatBytes([
      gifStart({ ...size, palette: null, plays: 1, comment }),
      gifFrame({
        ...{ x: 0, y: 0, ...size, delay: 321, transparent: null, palette: own },
        data: lzw.encode(Uint8Array.of(0, 1, 2, 255), 8),
      }),
      gifEnd,
    ]);
    const [frame] = decompressFrames(parseGIF(gif.buffer), true);
    expect(frame).toMatchObject({ delay: 3210, pixels: [0, 1, 2, 255] });
    expect([0, 4, 8, 12].map((at) => frame?.patch[at])).toEqual([255, 254, 253, 0]);
    expect(gif.length).toBeGreaterThan(3 * 256 + comment.length);
  });
});
