import { decompressFrames, parseGIF } from 'gifuct-js';
import { describe, expect, it } from 'vitest';
import type { Picture } from '../../../src/base/index.ts';
import { encodePng } from '../../../src/formats/index.ts';
import { encodeQuickGif } from '../../../src/media/gif.ts';
import { createOutput } from '../../support/output.ts';

function pictureOf(width: number, height: number, at: (x: number, y: number) => readonly number[]): Picture {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) data.set([...at(i % width, Math.floor(i / width)), 255], 4 * i);
  return { width, height, data };
}

/** Colour gradients that shift from frame to frame. */
const frames = Array.from({ length: 6 }, (_, i) =>
  pictureOf(48, 32, (x, y) => [5 * x, 7 * y, (200 + 40 * i - 3 * x) & 255]),
);

function sourceOf(pictures: readonly Picture[], onRead: (index: number) => void = () => undefined) {
  const at = (index: number) => {
    onRead(index);
    const picture = pictures[index];
    if (!picture) throw new RangeError(`no picture ${index}`);
    return picture;
  };
  return {
    sizes: pictures,
    picture: (index: number) => Promise.resolve(at(index)),
    png: (index: number) => Promise.resolve(encodePng(at(index))),
  };
}

async function encode(source: ReturnType<typeof sourceOf>, frameRate = 10, create = createOutput) {
  const { signal } = new AbortController();
  const reports: string[] = [];
  const onProgress = ({ done, of }: { done: number; of: number }) => reports.push(`${done}/${of}`);
  const options = { frameRate, loop: true };
  const { file } = await encodeQuickGif(source, options, { signal, onProgress, createOutput: create });
  expect(reports.at(-1)).toBe(`${source.sizes.length}/${source.sizes.length}`);
  const gif = parseGIF(await file.arrayBuffer());
  return { size: gif.lsd, frames: decompressFrames(gif, true) };
}

describe('the quick GIF', () => {
  it.each([10, 7, 24, 30, 50])(
    'starts each frame on the nearest hundredth of a second, at %d/s',
    async (rate) => {
      const { frames: written } = await encode(sourceOf(frames), rate);
      expect(written).toHaveLength(frames.length);
      let start = 0;
      for (const [i, { delay }] of written.entries()) {
        expect(Math.abs(start - (1000 * i) / rate), `frame ${i}`).toBeLessThanOrEqual(5);
        start += delay;
      }
      expect(Math.abs(start - (1000 * frames.length) / rate)).toBeLessThanOrEqual(5);
    },
  );

  it('shows the mean colour of every area, by dithering', async () => {
    const { frames: written } = await encode(sourceOf(frames.slice(0, 1)));
    const [patch] = written;
    const [wanted] = frames;
    for (const left of [0, 8, 16, 24, 32, 40]) {
      for (const channel of [0, 1, 2]) {
        let difference = 0;
        for (let y = 8; y < 24; y++) {
          for (let x = left; x < left + 8; x++) {
            const at = 4 * (48 * y + x) + channel;
            difference += (patch?.patch[at] ?? 0) - (wanted?.data[at] ?? 0);
          }
        }
        expect(Math.abs(difference / 128), `x ${left}, channel ${channel}`).toBeLessThan(2);
      }
    }
  });

  it('reads each frame once, and writes it before it reads the next', async () => {
    const events: string[] = [];
    const source = sourceOf(frames, (index) => events.push(`read ${index}`));
    await encode(source, 10, async () => {
      const output = await createOutput();
      return {
        get size() {
          return output.size;
        },
        stored: null,
        write: (bytes, position) => {
          events.push('write');
          output.write(bytes, position);
        },
        finish: (type) => output.finish(type),
        discard: () => output.discard(),
      };
    });
    expect(events).toEqual(['write', ...frames.flatMap((_, i) => [`read ${i}`, 'write']), 'write']);
  });

  it('fits frames of other sizes to the first, with bars', async () => {
    const square = pictureOf(32, 32, () => [9, 9, 9]);
    const tall = pictureOf(16, 32, () => [200, 0, 0]);
    const { size, frames: written } = await encode(sourceOf([square, tall]));
    expect(size).toMatchObject({ width: 32, height: 32 });
    const second = written[1];
    expect(second?.dims).toEqual({ left: 0, top: 0, width: 32, height: 32 });
    const reds = [0, 7, 8, 23, 24, 31].map((x) => second?.patch[4 * (32 * 5 + x)]);
    expect(reds).toEqual([0, 0, 200, 200, 0, 0]);
  });

  it('refuses to write nothing', async () => {
    await expect(encode(sourceOf([]))).rejects.toMatchObject({ code: 'no-frames' });
  });
});
