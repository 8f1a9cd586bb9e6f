import fc from 'fast-check';
import { decode, encode } from 'fast-png';
import { zlibSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import type { Picture } from '../../../src/base/index.ts';
import { crc32, encodePng } from '../../../src/formats/index.ts';
import { decodeFramePng } from '../../../src/project/index.ts';
import { concat, utf8 } from '../../support/bytes.ts';
import { noisy } from '../../support/project.ts';

const pictures: fc.Arbitrary<Picture> = fc
  .record({
    width: fc.integer({ min: 1, max: 9 }),
    height: fc.integer({ min: 1, max: 9 }),
    opaque: fc.boolean(),
    bytes: fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
  })
  .map(({ width, height, opaque, bytes }) => {
    const data = new Uint8ClampedArray(4 * width * height);
    for (let i = 0; i < data.length; i++) {
      data[i] = opaque && i % 4 === 3 ? 255 : Number(bytes.next().value);
    }
    return { width, height, data };
  });

/** Decodes a PNG to RGBA with another library. */
function decodeWithFastPng(file: Uint8Array): Picture {
  const { width, height, channels, data } = decode(file, { checkCrc: true });
  const rgba = Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) =>
    i % 4 < channels ? Number(data[Math.floor(i / 4) * channels + (i % 4)]) : 255,
  );
  return { width, height, data: rgba };
}

function chunk(type: string, body: Uint8Array): Uint8Array {
  const bytes = concat(new Uint8Array(4), utf8(type), body, new Uint8Array(4));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  view.setUint32(8 + body.length, crc32(bytes.subarray(4, 8 + body.length)));
  return bytes;
}

/** PNG with arbitrary header fields and data. */
function handmade(
  { width = 4, height = 4, depth = 8, kind = 6, interlace = 0 },
  data: Uint8Array,
  ...before: Uint8Array[]
): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([depth, kind, 0, 0, interlace], 8);
  return concat(
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    ...before,
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', new Uint8Array(0)),
  );
}

describe('a frame as PNG', () => {
  it('round-trips bit for bit, in Drift and in another decoder', async () => {
    await fc.assert(
      fc.asyncProperty(pictures, async (picture) => {
        const file = encodePng(picture);
        expect(await decodeFramePng(file, picture, 'a.png')).toEqual(picture);
        expect(decodeWithFastPng(file)).toEqual(picture);
      }),
    );
  });

  it('is read when another encoder has written it', async () => {
    const { width, height, data } = noisy(33, 17, 5, 128);
    const file = new Uint8Array(encode({ width, height, data: new Uint8Array(data), channels: 4, depth: 8 }));
    expect((await decodeFramePng(file, { width, height }, 'a.png')).data).toEqual(data);
  });

  it('is compressed, and opaque pictures take three channels', () => {
    const smooth: Picture = { width: 64, height: 64, data: new Uint8ClampedArray(4 * 64 * 64) };
    for (let i = 0; i < smooth.data.length; i++) smooth.data[i] = i % 4 === 3 ? 255 : (i >> 2) % 64;
    expect(encodePng(smooth).length).toBeLessThan(1000);
    // RGB, because the picture is opaque.
    expect(encodePng(noisy(64, 64, 1)).length).toBeLessThan(64 * 64 * 3.1);
  });
});

describe('a damaged PNG', () => {
  const picture = noisy(16, 16, 3);
  const good = encodePng(picture);
  const refusal = (file: Uint8Array, size = { width: 4, height: 4 }) =>
    decodeFramePng(new Uint8Array(file), size, 'frames/0000001.png').then(
      () => null,
      (error: unknown) => error,
    );

  it('that is truncated anywhere is rejected', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: good.length - 13 }), async (length) => {
        expect(await refusal(good.subarray(0, length), picture)).toMatchObject({
          name: 'ProjectError',
          code: 'picture-damaged',
          details: { file: 'frames/0000001.png' },
        });
      }),
    );
  });

  it('with any bit flipped is rejected', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 8 * (good.length - 12) - 1 }), async (bit) => {
        const bad = good.slice();
        bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(await refusal(bad, picture)).toMatchObject({ name: 'ProjectError' });
      }),
    );
  });

  const rows = (count: number, filter = 0) => zlibSync(new Uint8Array(count * 17).fill(filter));
  it.each<[string, Uint8Array, string]>([
    ['has another size than expected', handmade({ width: 5 }, rows(4)), 'picture-size'],
    ['claims a huge size', handmade({ width: 2 ** 31 - 1, height: 2 ** 31 - 1 }, rows(4)), 'picture-size'],
    ['is a palette', handmade({ kind: 3 }, rows(4)), 'picture-unsupported'],
    ['has 16 bits a channel', handmade({ depth: 16 }, rows(4)), 'picture-unsupported'],
    ['is interlaced', handmade({ interlace: 1 }, rows(4)), 'picture-unsupported'],
    ['has a row too few', handmade({}, rows(3)), 'picture-damaged'],
    ['has a row too many', handmade({}, rows(5)), 'picture-damaged'],
    ['unpacks to a hundred megabytes', handmade({}, zlibSync(new Uint8Array(1e8))), 'picture-damaged'],
    ['has an unknown filter', handmade({}, rows(4, 5)), 'picture-damaged'],
    ['has a wrong checksum of its data', handmade({}, rows(4).with(-1, 0)), 'picture-damaged'],
    ['has data that is not compressed', handmade({}, new Uint8Array(68).fill(9)), 'picture-damaged'],
    ['has its data before its header', handmade({}, rows(4), chunk('IDAT', rows(4))), 'picture-damaged'],
    [
      'has two headers',
      concat(handmade({}, rows(4)).subarray(0, 33), handmade({}, rows(4)).subarray(8)),
      'picture-damaged',
    ],
    ['has no header', concat(good.subarray(0, 8), chunk('IEND', new Uint8Array(0))), 'picture-damaged'],
    ['is not a PNG', utf8('GIF89a and so on'), 'picture-damaged'],
  ])('that %s is rejected', async (_, file, code) => {
    expect(await refusal(file)).toMatchObject({ name: 'ProjectError', code });
  });
});
