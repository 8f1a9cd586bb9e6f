/** The media worker's entry: decodes pictures and writes animations away from the page. */
import { createQueue } from '../src/base/index.ts';
import { encodePng } from '../src/formats/index.ts';
import {
  decodePicture,
  measurePicture,
  unpackPictures,
  encodeGif,
  encodeMp4,
  encodeZip,
} from '../src/media/index.ts';
import type { EncodeControl, MediaFile } from '../src/media/index.ts';
import { mediaApi, serve } from '../src/protocol/index.ts';

// A picture need not wait for a video, but two large pictures or two videos at once could use up the memory.
const pictures = createQueue();
const animations = createQueue();

async function encode(
  signal: AbortSignal,
  onProgress: EncodeControl['onProgress'],
  write: (control: EncodeControl) => Promise<MediaFile>,
) {
  const value = await animations.run(signal, () => write({ signal, onProgress }));
  return { value, transfer: [value.bytes.buffer] };
}

serve(self, mediaApi, {
  decode: async ({ file, ...options }, { signal }) => {
    const value = await pictures.run(signal, () => decodePicture(file, options, signal));
    return { value, transfer: [value.data.buffer] };
  },
  png: ({ picture }) =>
    Promise.resolve({ value: new Blob([encodePng(picture)], { type: 'image/png' }), transfer: [] }),
  measure: async ({ file }, { signal }) => ({
    value: await pictures.run(signal, () => measurePicture(file, signal)),
    transfer: [],
  }),
  unpack: async ({ file }, { signal }) => ({ value: await unpackPictures(file, signal), transfer: [] }),
  gif: ({ frames, ...options }, { signal, emit }) =>
    encode(signal, emit, (control) => encodeGif(frames, options, control)),
  mp4: ({ frames, ...options }, { signal, emit }) =>
    encode(signal, emit, (control) => encodeMp4(frames, options, control)),
  zip: ({ frames }, { signal, emit }) => encode(signal, emit, (control) => encodeZip(frames, control)),
});
