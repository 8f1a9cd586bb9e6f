/** Entry point of the media worker: decodes pictures, encodes animations. */
import { createQueue } from '../src/base/index.ts';
import { encodePng } from '../src/formats/index.ts';
import {
  decodePicture,
  encodeQuickGif,
  encodeMp4,
  encodeZip,
  isMoving,
  metadataTexts,
  openImportedArchive,
  readFrames,
  readMovingFrames,
} from '../src/media/index.ts';
import type { ImportedArchive, FrameSource } from '../src/media/index.ts';
import { frameSizeFor, readerOf, downscaled, whileRead } from '../src/project/index.ts';
import type { PictureRef, PictureSource } from '../src/project/index.ts';
import { mediaApi, serve } from '../src/protocol/index.ts';
import { exportAnimation, exportNeeds, frameSource } from './exporting.ts';
import { ImportFiles } from './imports.ts';
import { ScratchFiles } from './scratch.ts';
import { privateFiles, projectLocks } from './storage.ts';

// Two queues, so that a picture need not wait for a video, but two of a kind do not exhaust memory together.
const pictures = createQueue();
const animations = createQueue();

const files = privateFiles();
const locks = projectLocks();
const scratch = new ScratchFiles();
const imports = new ImportFiles(new ScratchFiles(undefined, undefined, Infinity).create);

const pngFile = (bytes: Uint8Array<ArrayBuffer>) => new Blob([bytes], { type: 'image/png' });

/** Queues an encoding; meanwhile no tab can purge the project. */
async function encode<T>(
  { source, frames }: { readonly source: PictureSource; readonly frames: readonly PictureRef[] },
  { signal }: { readonly signal: AbortSignal },
  write: (frames: FrameSource) => Promise<T>,
) {
  const value = await animations.run(signal, () =>
    whileRead(locks, source.project, () => write(frameSource(readerOf(files, source), frames))),
  );
  return { value, transfer: [] };
}

function controlOf<P>({
  signal,
  emit,
}: {
  readonly signal: AbortSignal;
  readonly emit: (progress: P) => void;
}) {
  return { signal, onProgress: emit, createOutput: scratch.create };
}

serve(self, mediaApi, {
  decode: async ({ file, ...options }, { signal }) => {
    const value = await pictures.run(signal, () => decodePicture(file, options, signal));
    return { value, transfer: [value.data.buffer] };
  },
  png: ({ picture }) => Promise.resolve({ value: pngFile(encodePng(picture)), transfer: [] }),
  picture: async ({ source, frame }) => {
    const value = await readerOf(files, source).picture(frame);
    return { value, transfer: [value.data.buffer] };
  },
  thumbnail: async ({ of, side }) => {
    if ('picture' in of) return { value: pngFile(encodePng(downscaled(of.picture, side))), transfer: [] };
    const { source, frame } = of;
    const reader = readerOf(files, source);
    const isSmall = Math.max(frame.width, frame.height) <= side;
    const png = isSmall ? await reader.png(frame) : encodePng(downscaled(await reader.picture(frame), side));
    return { value: pngFile(png), transfer: [] };
  },
  contents: async ({ archive }, { signal }) => {
    const { names } = await openImportedArchive(archive, signal);
    return { value: [...names], transfer: [] };
  },
  texts: async ({ file }, { signal }) => ({ value: await metadataTexts(file, signal), transfer: [] }),
  moving: async ({ file }, { signal }) => ({ value: await isMoving(file, signal), transfer: [] }),
  release: ({ store }) => {
    imports.release(store);
    return Promise.resolve({ value: null, transfer: [] });
  },
  frames: async ({ pictures: wanted, files: imported, fit, multiple }, { signal, emit }) => {
    const archives = new Map<Blob, Promise<ImportedArchive>>();
    const open = (file: Blob, entry: string) => {
      const archive = archives.get(file) ?? openImportedArchive(file, signal);
      archives.set(file, archive);
      return archive.then((opened) => opened.read(entry, signal));
    };
    const fileAt = (index: number) => {
      const file = imported[index];
      if (!file) throw new RangeError(`there is no file ${index}`);
      return file;
    };
    const sources = wanted.map(({ name, file, entry }) => ({
      name,
      open: async () => (entry === null ? fileAt(file) : open(fileAt(file), entry)),
    }));
    const sizeFor = (size: { readonly width: number; readonly height: number }) =>
      frameSizeFor(size, multiple);
    const inTurn = <T>(work: () => Promise<T>) => pictures.run(signal, work);
    const { value: read, id } = await imports.hold(async (output) => {
      const options = { sizeFor, fit, inTurn, output };
      const control = { signal, onProgress: emit };
      const [only] = sources;
      // Of several animations, each gives one frame, like other pictures.
      if (only && sources.length === 1 && (await isMoving(await only.open(), signal))) {
        return readMovingFrames(only, options, control);
      }
      return { ...(await readFrames(sources, options, control)), animation: null };
    });
    const { first, frames, fitted, bad, animation } = read;
    return {
      value: { first, frames: [...frames], fitted, bad: [...bad], animation, store: id },
      transfer: [first.picture.data.buffer],
    };
  },
  gif: ({ source, frames, ...options }, work) =>
    encode({ source, frames }, work, (written) => encodeQuickGif(written, options, controlOf(work))),
  mp4: ({ source, frames, ...options }, work) =>
    encode({ source, frames }, work, (written) => encodeMp4(written, options, controlOf(work))),
  zip: (animation, work) => encode(animation, work, (written) => encodeZip(written, controlOf(work))),
  needs: async ({ options, width, height }, { signal }) => ({
    value: await exportNeeds(options, { width, height }, signal),
    transfer: [],
  }),
  export: ({ source, frames, ...request }, work) =>
    encode({ source, frames }, work, (written) => exportAnimation(written, request, controlOf(work))),
});
