import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/base/index.ts';
import { gifEnd, gifFrame, gifStart, isAnimatedPicture } from '../../../src/formats/index.ts';

const { signal } = new AbortController();

function isAnimated(bytes: Uint8Array): Promise<boolean> {
  const source = {
    name: 'a picture',
    size: bytes.length,
    read: (offset: number, length: number) =>
      Promise.resolve(new Uint8Array(bytes.subarray(offset, offset + length))),
  };
  return isAnimatedPicture(source, signal);
}

async function fixture(name: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(new URL(`../../fixtures/${name}`, import.meta.url)));
}

function gif(frames: number, comment: string | null): Uint8Array {
  const palette = new Uint8Array(768);
  const frame = (transparent: number | null) =>
    gifFrame({
      x: 0,
      y: 0,
      width: 1,
      height: 1,
      delay: 7,
      transparent,
      palette: transparent === null ? null : palette,
      data: new Uint8Array([8, 3, 0x2c, 0x2c, 0x2c, 0]),
    });
  return concatBytes([
    gifStart({ width: 1, height: 1, palette, plays: 0, comment }),
    ...Array.from({ length: frames }, (_, i) => frame(i % 2 === 0 ? null : 3)),
    gifEnd,
  ]);
}

describe('isAnimatedPicture', () => {
  it.each(['turning.gif', 'turning.png', 'turning.webp', 'turning.avif'])('%s is', async (name) => {
    expect(await isAnimated(await fixture(`animations/${name}`))).toBe(true);
  });

  it.each([
    'corners.png',
    'corners.jpg',
    'corners-lossy.webp',
    'alpha-lossy.webp',
    'corners.avif',
    'corners.bmp',
  ])('%s is not', async (name) => {
    expect(await isAnimated(await fixture(`pictures/${name}`))).toBe(false);
  });

  it('counts the frames of a GIF, not what looks like one in its data', async () => {
    expect(await isAnimated(gif(1, ',,,,'))).toBe(false);
    expect(await isAnimated(gif(2, ',,,,'))).toBe(true);
    expect(await isAnimated(gif(2, null))).toBe(true);
  });

  it('ends for any bytes', async () => {
    const heads = ['turning.gif', 'turning.png', 'turning.webp', 'turning.avif'].map((name) =>
      fixture(`animations/${name}`),
    );
    const files = await Promise.all(heads);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.nat(900),
        fc.uint8Array({ maxLength: 40 }),
        async (file, at, change) => {
          const damaged = concatBytes([file.subarray(0, at), change, file.subarray(at + change.length)]);
          const answer = await isAnimated(damaged).catch((error: unknown) => error instanceof RangeError);
          expect(typeof answer).toBe('boolean');
        },
      ),
    );
  });
});
