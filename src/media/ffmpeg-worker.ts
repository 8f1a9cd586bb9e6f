/**
 * Worker of ffmpeg: that of `@ffmpeg/ffmpeg`, which also reads the frames straight from their file if there is one. Each
 * read of a Blob leaves a buffer behind, and while one call encodes everything they are hardly collected: 200 MB of them.
 */
import '@ffmpeg/ffmpeg/worker';
import * as v from 'valibot';
import { RangeReader } from './range-reader.ts';

/** Emscripten's file system of mounted files, as far as it is changed here. */
interface MountedFiles {
  readonly stream_ops: {
    read: (stream: unknown, heap: Int8Array, offset: number, length: number, position: number) => number;
  };
}

const has = (value: unknown, key: string) => typeof value === 'object' && value !== null && key in value;
const functionSchema = v.function();
const coreSchema = v.object({
  FS: v.object({
    filesystems: v.object({
      // Not copied, as an object schema would: it is changed in place.
      WORKERFS: v.custom<MountedFiles>((value) => has(value, 'stream_ops')),
    }),
  }),
});
const execSchema = v.object({ type: v.literal('EXEC') });
/** Message that mounts frames which are stored in a file. */
const mountSchema = v.object({
  type: v.literal('MOUNT'),
  data: v.object({
    options: v.object({
      stored: v.object({
        file: v.custom<FileSystemFileHandle>((value) => has(value, 'createSyncAccessHandle')),
        ranges: v.array(v.object({ begin: v.number(), end: v.number() })),
      }),
    }),
  }),
});

/** The file being opened, kept alive: in Chromium (156) it never opens if the handle is garbage-collected. */
let file: FileSystemFileHandle | null = null;
let frames: { readonly reader: RangeReader; readonly access: FileSystemSyncAccessHandle } | null = null;

const answer = v.parse(functionSchema, globalThis.onmessage);
globalThis.onmessage = async (event: MessageEvent<unknown>) => {
  const mount = v.safeParse(mountSchema, event.data);
  if (mount.success) {
    const { stored } = mount.output.data.options;
    file = stored.file;
    // Where it does not open, the mounted Blob is read.
    const access = await file.createSyncAccessHandle().catch(() => null);
    frames = access && {
      access,
      reader: new RangeReader(stored.ranges, (target, at) => access.read(target, { at })),
    };
  }
  await answer(event);
  if (v.is(execSchema, event.data)) frames?.access.close();
};

let create: unknown;

/** `@ffmpeg/ffmpeg` assigns this function once it has loaded the program, and calls it to start it. */
Object.defineProperty(globalThis, 'createFFmpegCore', {
  set(loaded: unknown) {
    create = loaded;
  },
  get: () => async (options: unknown) => {
    const core = await v.parse(functionSchema, create)(options);
    const { WORKERFS } = v.parse(coreSchema, core).FS.filesystems;
    const readBlob = WORKERFS.stream_ops.read;
    WORKERFS.stream_ops.read = (stream, heap, offset, length, position) =>
      frames
        ? frames.reader.read(heap.subarray(offset, offset + length), position)
        : readBlob(stream, heap, offset, length, position);
    return core;
  },
});
