import { decode as decodePng, decodeApng } from 'fast-png';
import { decompressFrames, parseGIF } from 'gifuct-js';
import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import type { Picture } from '../../../../src/base/index.ts';
import { BlobOutput, encodePng } from '../../../../src/formats/index.ts';
import { createOutput } from '../../../support/output.ts';
import { encodeApng } from '../../../../src/media/export/apng.ts';
import { feedOf } from '../../../../src/media/export/feed.ts';
import { encodeFramesZip } from '../../../../src/media/export/frames-zip.ts';
import { encodeGif } from '../../../../src/media/export/gif.ts';
import type { Encode, EncodeOptions, FrameFeed } from '../../../../src/media/export/types.ts';

const [width, height] = [48, 32];

/** A small bright square that moves over a static, colourful background. */
function frame(index: number): Picture {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = x >= 4 * index && x < 4 * index + 6 && y >= 10 && y < 16;
      data.set(inside ? [255, 240, 20, 255] : [5 * x, 7 * y, 200 - 3 * x, 255], 4 * (y * width + x));
    }
  }
  return { width, height, data };
}
const pictures = Array.from({ length: 6 }, (_, i) => frame(i));

function feed(seconds = 0.1): FrameFeed {
  const at = (index: number) => {
    const picture = pictures[index];
    if (!picture) throw new RangeError(`no picture ${index}`);
    return picture;
  };
  return feedOf(
    {
      sizes: pictures,
      picture: (index) => Promise.resolve(at(index)),
      png: (index) => Promise.resolve(encodePng(at(index))),
    },
    pictures.map((_, i) => ({ picture: i, next: i, mix: 0, seconds })),
    {
      placement: { width, height, x: 0, y: 0, scaledWidth: width, scaledHeight: height },
      resampling: 'lanczos',
      fit: 'pad',
    },
  );
}

const options: EncodeOptions = {
  frameRate: 10,
  plays: 0,
  quality: 1,
  dither: 'ordered',
  palettes: 'shared',
  videoEncoder: 'browser',
  webmCodec: 'vp9',
  note: '{"seed":7,"prompt":"a café"}',
  document: '{}',
};

async function encode(encoder: Encode, changed: Partial<EncodeOptions> = {}, seconds = 0.1) {
  let written = new BlobOutput();
  const sink = {
    restart: () => {
      written = new BlobOutput();
      return Promise.resolve();
    },
    write: (bytes: Uint8Array<ArrayBuffer>, position: number) => {
      written.write(bytes, position);
      return Promise.resolve();
    },
  };
  const signal = new AbortController().signal;
  const progress: number[] = [];
  await encoder(
    feed(seconds),
    sink,
    { ...options, ...changed },
    {
      signal,
      createOutput,
      onProgress: ({ done, of }) => progress.push(done / of),
    },
  );
  expect(progress.at(-1)).toBe(1);
  return new Uint8Array(await (await written.finish('')).arrayBuffer());
}

describe('GIF', () => {
  /** Composited frames in RGB. */
  async function screens(choices: Partial<EncodeOptions>) {
    const bytes = await encode(encodeGif, choices);
    const frames = decompressFrames(parseGIF(bytes.buffer), true);
    const screen = new Uint8ClampedArray(4 * width * height);
    return frames.map(({ dims, patch, delay }) => {
      for (let y = 0; y < dims.height; y++) {
        for (let x = 0; x < dims.width; x++) {
          const from = 4 * (y * dims.width + x);
          if (patch[from + 3] === 0) continue;
          screen.set(patch.subarray(from, from + 4), 4 * ((dims.top + y) * width + dims.left + x));
        }
      }
      return { screen: screen.slice(), dims, delay };
    });
  }

  const choices: Partial<EncodeOptions>[] = (['none', 'ordered', 'diffusion'] as const).flatMap((dither) => [
    { dither, palettes: 'shared' },
    { dither, palettes: 'per-frame' },
  ]);

  it.each(choices)('shows every frame, without flicker: $dither, $palettes', async (chosen) => {
    const shown = await screens(chosen);
    expect(shown).toHaveLength(pictures.length);
    shown.forEach(({ screen, delay, dims }, i) => {
      expect(delay).toBe(100);
      let error = 0;
      for (let at = 0; at < screen.length; at += 4) {
        for (let c = 0; c < 3; c++) {
          error += Math.abs((screen[at + c] ?? 0) - (pictures[i]?.data[at + c] ?? 0));
        }
      }
      expect(error / (3 * width * height)).toBeLessThan(8);
      if (i === 0) return;
      const before = shown[i - 1]?.screen;
      for (let at = 0; at < screen.length; at += 4) {
        const stays = [0, 1, 2].every((c) => pictures[i]?.data[at + c] === pictures[i - 1]?.data[at + c]);
        if (stays) expect(screen[at]).toBe(before?.[at]);
      }
      expect([dims.width, dims.height]).toEqual([10, 6]);
    });
  });

  it('has the metadata as an ASCII comment', async () => {
    const text = Buffer.from(await encode(encodeGif)).toString('latin1');
    expect(text).toContain('{"seed":7,"prompt":"a caf\\u00e9"}');
    expect(Buffer.from(await encode(encodeGif, { note: null })).toString('latin1')).not.toContain('seed');
  });
});

describe('APNG', () => {
  it('has every frame bit for bit', async () => {
    const apng = decodeApng(await encode(encodeApng));
    expect(apng.numberOfFrames).toBe(pictures.length);
    expect(apng.numberOfPlays).toBe(0);
    apng.frames.forEach(({ data, delayNumber, delayDenominator }, i) => {
      const rgb = pictures[i]?.data.filter((_, at) => at % 4 < 3) ?? [];
      expect(Buffer.from(Uint8Array.from(data)).equals(Buffer.from(rgb))).toBe(true);
      expect(delayNumber / delayDenominator).toBeCloseTo(0.1, 9);
    });
    const twice = decodeApng(await encode(encodeApng, { plays: 2 }));
    expect(twice.numberOfPlays).toBe(2);
  });

  it('keeps the duration of frames, even of minutes', async () => {
    for (const seconds of [65.535, 65.54, 121]) {
      const { frames } = decodeApng(await encode(encodeApng, {}, seconds));
      for (const { delayNumber, delayDenominator } of frames) {
        expect(delayNumber / delayDenominator).toBeCloseTo(seconds, 2);
      }
    }
  });
});

describe('ZIP', () => {
  it('has the frames and how they were made', async () => {
    const entries = unzipSync(await encode(encodeFramesZip));
    expect(Object.keys(entries)).toEqual([
      'project.json',
      ...pictures.map((_, i) => `frames/000000${i + 1}.png`),
    ]);
    const first = entries['frames/0000001.png'];
    if (!first) throw new Error('no first frame');
    expect(decodePng(first)).toMatchObject({ width, height });
    expect(Buffer.from(first).toString('utf8')).toContain('a café');
  });
});
