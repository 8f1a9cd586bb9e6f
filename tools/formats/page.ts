/** Page of `tools/measure-formats.ts`, which calls `driftFormats` by `page.evaluate`: the media worker, and a decoder. */
import { connect, mediaApi } from '../../src/protocol/index.ts';
import { defaultExportOptions } from '../../src/project/index.ts';
import type { ExportOptions } from '../../src/project/index.ts';

const media = connect(
  new Worker(new URL('../../workers/media.ts', import.meta.url), { type: 'module', name: 'media' }),
  mediaApi,
);

interface StoredFrame {
  readonly id: number;
  readonly width: number;
  readonly height: number;
  readonly png: Blob;
}
let frames: readonly StoredFrame[] = [];
let written: Blob | null = null;

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function base64Of(bytes: Uint8Array | Uint8ClampedArray): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

const formats = {
  /** Takes the frames of all further exports, as PNG files. */
  load(pngs: readonly string[], width: number, height: number): void {
    frames = pngs.map((png, index) => ({ id: index + 1, width, height, png: new Blob([bytesOf(png)]) }));
  },

  /** Writes a file as the Export dialog does. Returns the name of the encoder. */
  async write(options: Partial<ExportOptions>): Promise<string> {
    const { file, encoder } = await media.call('export', {
      source: {
        project: '00000000-0000-4000-8000-000000000001',
        held: frames.map(({ id, png }) => ({ id, png })),
      },
      frames: frames.map(({ id, width, height }) => ({ id, width, height })),
      options: { ...defaultExportOptions, ...options },
      note: null,
      document: null,
      target: null,
      first: null,
    });
    written = file;
    return encoder;
  },

  /** The file that was written last, in base64. */
  async written(): Promise<string> {
    return base64Of(new Uint8Array(await (written ?? new Blob()).arrayBuffer()));
  },

  /** Frames of an animated picture as the browser shows them, as RGB. */
  async decode(file: string, type: string): Promise<string[]> {
    const decoder = new ImageDecoder({ data: bytesOf(file), type });
    await Promise.all([decoder.tracks.ready, decoder.completed]);
    const decoded: string[] = [];
    for (let frameIndex = 0; frameIndex < (decoder.tracks.selectedTrack?.frameCount ?? 0); frameIndex++) {
      const { image } = await decoder.decode({ frameIndex });
      const canvas = new OffscreenCanvas(image.displayWidth, image.displayHeight);
      const context = canvas.getContext('2d');
      context?.drawImage(image, 0, 0);
      image.close();
      const pixels = context?.getImageData(0, 0, canvas.width, canvas.height).data ?? new Uint8ClampedArray();
      decoded.push(base64Of(pixels.filter((_, at) => at % 4 !== 3)));
    }
    decoder.close();
    return decoded;
  },
};

declare global {
  var driftFormats: typeof formats;
}
globalThis.driftFormats = formats;
