/**
 * Worker of ffmpeg: that of `@ffmpeg/ffmpeg`, with files in memory that grow by doubling. Emscripten's grow by an eighth at a
 * time, and the arrays that they outgrow, together eight times the file, wait for the garbage collector.
 */
import '@ffmpeg/ffmpeg/worker';
import * as v from 'valibot';

/** A file of Emscripten's file system in memory. */
interface MemoryFile {
  contents: Uint8Array | null;
  /** Length of the file; `contents` may be longer. */
  readonly usedBytes: number;
}

/** That file system, as far as it is changed here. */
interface MemoryFiles {
  expandFileStorage(file: MemoryFile, length: number): void;
}

const coreSchema = v.object({
  FS: v.object({
    filesystems: v.object({
      // Not copied, as an object schema would: it is changed in place.
      MEMFS: v.custom<MemoryFiles>(
        (value) => typeof value === 'object' && value !== null && 'expandFileStorage' in value,
      ),
    }),
  }),
});
const createSchema = v.function();

let create: unknown;

/** `@ffmpeg/ffmpeg` assigns this function once it has loaded the program, and calls it to start it. */
Object.defineProperty(globalThis, 'createFFmpegCore', {
  set(loaded: unknown) {
    create = loaded;
  },
  get: () => async (options: unknown) => {
    const core = await v.parse(createSchema, create)(options);
    v.parse(coreSchema, core).FS.filesystems.MEMFS.expandFileStorage = expandByDoubling;
    return core;
  },
});

/** Makes room for a file of `length` bytes. */
function expandByDoubling(file: MemoryFile, length: number): void {
  const before = file.contents;
  if (before !== null && before.length >= length) return;
  const room = new Uint8Array(Math.max(length, 2 * (before?.length ?? 0)));
  if (before !== null) room.set(before.subarray(0, file.usedBytes));
  file.contents = room;
}
