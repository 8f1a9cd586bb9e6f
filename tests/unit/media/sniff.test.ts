import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/base/index.ts';
import { maxPixels, sniffPicture } from '../../../src/media/sniff.ts';
import type { PictureHeader } from '../../../src/media/sniff.ts';

const fixtures = {
  'corners.jpg': 'jpeg',
  'corners.png': 'png',
  'corners.avif': 'avif',
  'corners.bmp': 'bmp',
  'corners-lossy.webp': 'webp',
  'corners-lossless.webp': 'webp',
  'alpha.png': 'png',
  'alpha-lossy.webp': 'webp',
  'animated.gif': 'gif',
} as const;
const names = Object.keys(fixtures);

async function fixture(name: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(new URL(`../../fixtures/pictures/${name}`, import.meta.url)));
}

/** The InputError that `sniffPicture` throws; any other error fails the test. */
function refusal(bytes: Uint8Array): InputError {
  try {
    sniffPicture(bytes);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('The picture was accepted.');
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** The first 24 bytes of a PNG of any size, which contain its header. */
function pngHeader(width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(24);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, 13);
  bytes.set(ascii('IHDR'), 12);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return bytes;
}

describe('sniffPicture with real files', () => {
  it.each(Object.entries(fixtures))('recognises %s as a %s of 48 × 32', async (name, kind) => {
    const header = sniffPicture(await fixture(name));
    expect(header).toEqual({ kind, width: 48, height: 32 } satisfies PictureHeader);
  });

  it.each(names)(
    'rejects a truncated %s until its header is complete, and then returns the whole header',
    async (name) => {
      const bytes = await fixture(name);
      const whole = sniffPicture(bytes);
      let isKnown = false;
      for (let length = 1; length < bytes.length; length++) {
        const part = bytes.subarray(0, length);
        try {
          expect(sniffPicture(part)).toEqual(whole);
          isKnown = true;
        } catch (error) {
          expect(isKnown, `header known before byte ${length}`).toBe(false);
          expect(error).toBeInstanceOf(InputError);
          if (error instanceof InputError) expect(['picture-cut-off', 'not-a-picture']).toContain(error.code);
          if (error instanceof InputError && length > 20) expect(error.code).toBe('picture-cut-off');
        }
      }
      expect(isKnown).toBe(true);
    },
  );

  it('finds the size after a large EXIF block, and reports the file as truncated until it gets there', async () => {
    const picture = await fixture('corners.jpg');
    const block = new Uint8Array(65_535 + 2);
    block.set([0xff, 0xe1, 0xff, 0xff]);
    const bytes = new Uint8Array([...picture.subarray(0, 2), ...block, ...block, ...picture.subarray(2)]);
    expect(sniffPicture(bytes)).toEqual({ kind: 'jpeg', width: 48, height: 32 });
    expect(refusal(bytes.subarray(0, 100_000)).code).toBe('picture-cut-off');
  });

  it('reads a subarray', async () => {
    const picture = await fixture('corners.avif');
    const shifted = new Uint8Array(picture.length + 7);
    shifted.set(picture, 7);
    expect(sniffPicture(shifted.subarray(7))).toEqual({ kind: 'avif', width: 48, height: 32 });
  });
});

describe('sniffPicture rejects before decoding', () => {
  it('an empty file', () => {
    expect(refusal(new Uint8Array()).code).toBe('file-empty');
  });

  it.each([
    ['a text', 'This is a shopping list, not a picture.\n'],
    ['a web page', '<!doctype html><html><body>Not found</body></html>'],
    ['a text that begins like a bitmap', 'BMW, Audi, Mercedes: which one would you take?'],
    ['a sound', 'RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0'],
    ['a video', '\0\0\0\x18ftypisom\0\0\0\0isomavc1\0\0\0\x08free'],
  ])('%s', (_, text) => {
    const error = refusal(ascii(text));
    expect(error.code).toBe('not-a-picture');
    expect(error.remedy).toContain('PNG');
  });

  it.each([
    ['HEIC', '\0\0\0\x18ftypheic\0\0\0\0mif1heic'],
    ['HEIC', '\0\0\0\x18ftypmif1\0\0\0\0mif1heic'],
    ['TIFF', 'II*\0\x08\0\0\0'],
    ['TIFF', 'MM\0*\0\0\0\x08'],
    ['SVG', '<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg"></svg>'],
    ['SVG', '\xef\xbb\xbf  <svg width="10" height="10"/>'],
    ['JPEG XL', '\xff\x0a\xfa\x1f\x41'],
    ['Photoshop', '8BPS\0\x01\0\0\0\0\0\0'],
    ['PDF', '%PDF-1.7\n'],
  ])('a %s file, naming the format and a remedy', (kind, text) => {
    const error = refusal(ascii(text));
    expect(error.code).toBe('picture-unsupported');
    expect(error.message).toContain(kind);
    expect(error.remedy).toContain('PNG or JPEG');
    expect(error.details['kind']).toBe(kind);
  });

  it('20000 × 20000 pixels, with the size and the limit', () => {
    const error = refusal(pngHeader(20_000, 20_000));
    expect(error.code).toBe('picture-too-large');
    expect(error.message).toContain('20000 × 20000');
    expect(error.message).toContain('400 megapixels');
    expect(error.message).toContain('50');
    expect(error.details).toMatchObject({ width: 20_000, height: 20_000, limit: maxPixels });
  });

  it('one row more than 50 megapixels, but not 50 megapixels', () => {
    expect(sniffPicture(pngHeader(10_000, 5_000))).toMatchObject({ width: 10_000, height: 5_000 });
    expect(refusal(pngHeader(10_000, 5_001)).code).toBe('picture-too-large');
  });

  it('a single pixel as too small', () => {
    const error = refusal(pngHeader(1, 1));
    expect(error.code).toBe('picture-too-small');
    expect(error.message).toContain('1 × 1');
    expect(refusal(pngHeader(4000, 7)).code).toBe('picture-too-small');
    expect(sniffPicture(pngHeader(8, 8))).toMatchObject({ width: 8, height: 8 });
  });

  it.each([
    [0, 100],
    [100, 0],
  ])('%i × %i pixels as damaged', (width, height) => {
    expect(refusal(pngHeader(width, height)).code).toBe('picture-damaged');
  });

  it('a JPEG whose scan starts before its frame header', () => {
    expect(refusal(Uint8Array.of(0xff, 0xd8, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0)).code).toBe(
      'picture-damaged',
    );
  });

  it('an AVIF whose boxes exceed their parent', async () => {
    const bytes = (await fixture('corners.avif')).slice();
    const at = new TextDecoder('latin1').decode(bytes).indexOf('ipco');
    new DataView(bytes.buffer).setUint32(at - 4, 0x7fff_ffff);
    expect(refusal(bytes).code).toBe('picture-damaged');
  });
});

describe('sniffPicture with fuzzed files', () => {
  function harmless(bytes: Uint8Array): void {
    let header: PictureHeader | undefined;
    try {
      header = sniffPicture(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
      return;
    }
    expect(header.width * header.height).toBeLessThanOrEqual(maxPixels);
    expect(Math.min(header.width, header.height)).toBeGreaterThanOrEqual(8);
  }

  it('random bytes give a size within the limits or an InputError', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), harmless), { numRuns: 500 });
  });

  it('random bytes after a valid signature do too', () => {
    const starts = [
      Uint8Array.of(0xff, 0xd8, 0xff),
      ascii('\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR'),
      ascii('GIF89a'),
      ascii('RIFF\0\0\0\0WEBPVP8 '),
      ascii('RIFF\0\0\0\0WEBPVP8L'),
      ascii('RIFF\0\0\0\0WEBPVP8X'),
      ascii('\0\0\0\x10ftypavif\0\0\0\0'),
      ascii('\0\0\0\x10ftypavif\0\0\0\0\0\0\x01\0meta\0\0\0\0\0\0\0\x80iprp\0\0\0\x70ipco\0\0\0\x14ispe'),
      ascii('BM\0\0\0\0\0\0\0\0\0\0\0\0\x28\0\0\0'),
    ];
    fc.assert(
      fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 200 }), (start, rest) => {
        harmless(new Uint8Array([...start, ...rest]));
      }),
      { numRuns: 2000 },
    );
  });

  it('real files with changed bytes do too', async () => {
    const files = await Promise.all(names.map(fixture));
    const change = fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(
        fc.constantFrom(...files),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        (file, changes) => {
          const bytes = file.slice();
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          harmless(bytes);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
