import {
  BufferTarget,
  EncodedPacket,
  EncodedVideoPacketSource,
  Mp4OutputFormat,
  Output,
  WebMOutputFormat,
} from 'mediabunny';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/base/index.ts';
import {
  ApngWriter,
  GifLzw,
  encodePng,
  gifEnd,
  gifFrame,
  gifStart,
  pngText,
  webpStart,
  webpXmp,
  withPngChunks,
  xmpPacket,
} from '../../../src/formats/index.ts';
import { metadataTexts } from '../../../src/media/notes.ts';

const [width, height] = [16, 8];
/** A note longer than a GIF sub-block, with characters that XML escapes and that are not ASCII. */
const note = JSON.stringify({ program: 'Drift', prompt: `<a & "b"> café 🦊 ${'long '.repeat(100)}` });
const ascii = note.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
const png = encodePng({ width, height, data: new Uint8ClampedArray(4 * width * height).fill(255) });
const signal = new AbortController().signal;
const texts = (...parts: Uint8Array<ArrayBuffer>[]) => metadataTexts(new Blob(parts), signal);

async function video(format: Mp4OutputFormat | WebMOutputFormat): Promise<Uint8Array<ArrayBuffer>> {
  const target = new BufferTarget();
  const output = new Output({ format, target });
  const source = new EncodedVideoPacketSource('vp9');
  output.addVideoTrack(source, { frameRate: 10 });
  output.setMetadataTags({ comment: note });
  await output.start();
  await source.add(new EncodedPacket(new Uint8Array(40).fill(7), 'key', 0, 0.1), {
    decoderConfig: { codec: 'vp09.00.10.08', codedWidth: width, codedHeight: height },
  });
  await output.finalize();
  if (!target.buffer) throw new Error('nothing was written');
  return new Uint8Array(target.buffer);
}

describe('texts in the metadata', () => {
  it('of a PNG and an APNG', async () => {
    const chunks = [pngText('Software', 'Drift'), pngText('Comment', note)];
    expect(await texts(withPngChunks(png, chunks))).toEqual(['Drift', note]);
    const writer = new ApngWriter({ width, height, frames: 2, plays: 0, chunks });
    expect(await texts(writer.frame(png, 1), writer.frame(png, 1), writer.end())).toEqual(['Drift', note]);
  });

  it.each([true, false])('of a GIF, with a palette for all frames: %s', async (isShared) => {
    const colours = new Uint8Array(768);
    const [global, own] = isShared ? [colours, null] : [null, colours];
    const data = new GifLzw().encode(new Uint8Array(width * height), 8);
    const rectangle = { x: 0, y: 0, width, height };
    const frame = gifFrame({ ...rectangle, palette: own, delay: 1, transparent: null, data });
    const start = gifStart({ width, height, palette: global, plays: 0, comment: ascii });
    const [found = '', ...others] = await texts(start, frame, gifEnd);
    expect(JSON.parse(found)).toEqual(JSON.parse(note));
    expect(others).toEqual([]);
  });

  it('of a WebP', async () => {
    // Preceded by a chunk of odd length, which is padded.
    const frame = Uint8Array.of(0x41, 0x4e, 0x4d, 0x46, 3, 0, 0, 0, 1, 2, 3, 0);
    const start = webpStart({ width, height, plays: 0, hasXmp: true });
    expect(await texts(start, frame, webpXmp(xmpPacket(note, 'Drift')))).toEqual([note]);
  });

  it('of an MP4 and a WebM', async () => {
    expect(await texts(await video(new Mp4OutputFormat()))).toEqual([note]);
    expect(await texts(await video(new WebMOutputFormat()))).toEqual([note]);
  });

  it('are empty for files without metadata and for other files, and truncated files cause no error', async () => {
    expect(await texts(png)).toEqual([]);
    expect(await texts(new TextEncoder().encode('text'))).toEqual([]);
    expect(await texts()).toEqual([]);
    const mp4 = await video(new Mp4OutputFormat());
    const whole = [
      withPngChunks(png, [pngText('Comment', note)]),
      mp4,
      concatBytes([gifStart({ width, height, palette: null, plays: 0, comment: ascii })]),
    ];
    for (const file of whole) {
      for (let length = 1; length < file.length; length += 7) {
        expect(Array.isArray(await texts(file.slice(0, length)))).toBe(true);
      }
    }
  });

  it('reject with the reason of an aborted signal', async () => {
    await expect(metadataTexts(new Blob([png]), AbortSignal.abort(new Error('stopped')))).rejects.toThrow(
      'stopped',
    );
  });
});
