import { InputError } from '../../../../src/base/index.ts';
import type { Handlers, mediaApi, Params } from '../../../../src/protocol/index.ts';
import { downscaled, frameSizeFor, readerOf } from '../../../../src/project/index.ts';
import type { ExportKind } from '../../../../src/store/index.ts';
import type { Rig } from '../rig.ts';
import { plain, pngOf, valueOf } from './pictures.ts';

/** The media worker of a rig: pictures of one value each, read from texts such as `64x64:7`. */
export function fakeMedia(rig: Rig): Handlers<typeof mediaApi> {
  const { files } = rig.device;
  const animate =
    (kind: ExportKind) =>
    async (
      params: Params<(typeof mediaApi)['zip']> & { frameRate?: number; loop?: boolean },
      { signal, emit }: { signal: AbortSignal; emit: (event: { done: number; of: number }) => void },
    ) => {
      const { source, frames, ...rest } = params;
      emit({ done: 1, of: frames.length });
      await rig.encoding.pass(signal);
      rig.fail(kind);
      const reader = readerOf(files, source);
      const pictures = await Promise.all(frames.map((frame) => reader.picture(frame)));
      rig.encoded.push({ kind, values: pictures.map(valueOf), ...rest });
      return {
        value: { file: new Blob(['GIF'], { type: `image/${kind}` }), encoder: 'fake' },
        transfer: [],
      };
    };
  return {
    decode: async ({ file: picture, width, height, fit }, { signal }) => {
      rig.decodeSizes.push(`${width}x${height} ${fit}`);
      await rig.decoding.pass(signal);
      rig.fail('decode');
      // Test files may contain their value: `64x64:7`.
      const value = Number(/:(\d+)/.exec(await picture.text())?.[1] ?? 100);
      return { value: plain(width, height, value), transfer: [] };
    },
    png: async ({ picture }, { signal }) => {
      await rig.encoding.pass(signal);
      rig.fail('png');
      return { value: new Blob([pngOf(picture)], { type: 'image/png' }), transfer: [] };
    },
    picture: async ({ source, frame }, { signal }) => {
      await rig.reading.pass(signal);
      const value = await readerOf(files, source).picture(frame);
      return { value, transfer: [value.data.buffer] };
    },
    thumbnail: async ({ of, side }) => {
      rig.thumbnailsMade++;
      rig.fail('thumbnail');
      const picture = 'picture' in of ? of.picture : await readerOf(files, of.source).picture(of.frame);
      return { value: new Blob([pngOf(downscaled(picture, side))]), transfer: [] };
    },
    texts: () => Promise.resolve({ value: [...rig.texts], transfer: [] }),
    moving: async ({ file }) => ({ value: (await file.text()).includes(','), transfer: [] }),
    release: ({ store }) => {
      rig.released.push(store);
      return Promise.resolve({ value: null, transfer: [] });
    },
    needs: () => Promise.resolve({ value: { hasAv1: true, download: 0 }, transfer: [] }),
    contents: () => {
      if (rig.archive) {
        return Promise.resolve({ value: rig.archive.map(({ name }) => name), transfer: [] });
      }
      throw new InputError('truncated', 'The archive has no end.', { remedy: 'Download it again.' });
    },
    frames: async ({ pictures: wanted, files: imported, fit, multiple }, { signal, emit }) => {
      const read: { name: string; file: Blob; width: number; height: number; value: number }[] = [];
      const bad: { name: string; message: string }[] = [];
      for (const [done, { name, file: index, entry }] of wanted.entries()) {
        emit({ done, of: wanted.length });
        await rig.decoding.pass(signal);
        const from =
          entry === null ? imported[index] : rig.archive?.find((each) => each.name === entry)?.file;
        const text = (await from?.text()) ?? 'bad';
        const [width = NaN, height = NaN, ...values] = text.split(/[x:,]/).map(Number);
        // Several values after the size are frames of an animation, which are all read only if it is the only file.
        const shown = wanted.length === 1 ? values : values.slice(0, 1);
        // A file that does not start with a size is an invalid picture.
        if (from && Number.isFinite(width)) {
          for (const value of shown.length > 0 ? shown : [100]) {
            read.push({ name, file: from, width, height, value });
          }
        } else {
          bad.push({ name, message: 'It is damaged.' });
        }
      }
      const [first] = read;
      if (!first) {
        throw new InputError('picture-damaged', `${bad[0]?.name ?? ''}: It is damaged.`, {
          remedy: 'Take another.',
        });
      }
      const size = frameSizeFor(first, multiple);
      rig.decodeSizes.push(`${size.width}x${size.height} ${fit}`);
      const cut = ({ value }: { readonly value: number }) => plain(size.width, size.height, value);
      return {
        value: {
          first: { name: first.name, file: first.file, picture: cut(first) },
          frames: read.map((picture) => new Blob([pngOf(cut(picture))], { type: 'image/png' })),
          fitted: read.filter(({ width, height }) => width !== first.width || height !== first.height).length,
          bad,
          animation:
            wanted.length === 1 && read.length > 1 ? { count: read.length, every: 1, frameRate: 12.5 } : null,
          store: ++rig.imports,
        },
        transfer: [],
      };
    },
    export: async (params, { signal, emit }) => {
      if (rig.exporting) return rig.exporting(params, { signal, emit });
      const { source, frames, options, note, document, first } = params;
      emit({ done: 1, of: frames.length, attempt: 1 });
      await rig.encoding.pass(signal);
      rig.fail('export');
      const reader = readerOf(files, source);
      const pictures = await Promise.all(frames.map((frame) => reader.picture(frame)));
      rig.exported.push({ options, note, document, first, values: pictures.map(valueOf) });
      const file = new Blob(['x'.repeat(100 * (first ?? frames.length))]);
      const [{ width, height } = { width: 1, height: 1 }] = frames;
      return { value: { file, bytes: file.size, encoder: 'fake', width, height }, transfer: [] };
    },
    gif: animate('gif'),
    mp4: animate('mp4'),
    zip: animate('zip'),
  };
}
