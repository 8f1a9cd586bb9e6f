import { Inflate } from 'fflate';
import type { ByteSource } from './byte-source.ts';
import { bytesView, findDirectory, parseDirectory, unsupportedZip } from './zip-directory.ts';
import type { ZipEntry, ZipFail, ZipOptions } from './zip-directory.ts';

/** ZIP archive whose directory has been read and validated. */
export interface Zip {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /**
   * Reads `length` bytes of an entry's contents from `start`. A stored entry is read by range (plus its header, once); a
   * compressed one is read and inflated whole.
   */
  read(
    entry: ZipEntry,
    start: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** Reads an entry's data as they are stored, by whatever method they are compressed. */
  readPacked(entry: ZipEntry, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** Synchronous `read`, if the archive's source supports it. */
  readonly readSync?: (entry: ZipEntry, start: number, length: number) => Uint8Array<ArrayBuffer>;
  /**
   * Byte range of the archive that covers `length` bytes of a stored entry from `start`, for prefetching. If `start` is
   * not 0, the entry's header has to be read as well, once.
   */
  range(entry: ZipEntry, start: number, length: number): { readonly begin: number; readonly end: number };
}

/** Local headers may end with padding that aligns data to 64 bytes; this much more usually reaches the data's start. */
const expectedPadding = 256;

/**
 * Opens a ZIP archive (PKWARE APPNOTE.TXT 6.3, with ZIP64) by reading its central directory only.
 *
 * @throws what `options.fail` returns for `truncated` (no central directory at the end), `zip-damaged` (inconsistent) or
 *   `zip-unsupported` (multi-volume). Reading an entry throws `zip-damaged` too, and `zip-unsupported` if it is encrypted,
 *   compressed by an unknown method, or too large to inflate.
 */
export async function openZip(source: ByteSource, options: ZipOptions, signal?: AbortSignal): Promise<Zip> {
  const { fail } = options;
  const file = source.name;
  const { offset, size, count, base } = await findDirectory(source, options, signal);
  if (size > options.longestDirectory) {
    throw fail('zip-damaged', `${file} claims a directory of ${size} bytes.`, { file, size });
  }
  const directory = await source.read(offset, size, signal);
  const entries = parseDirectory(file, directory, count, offset, base, fail);
  const dataOffsets = new Map<ZipEntry, number>();

  /** Reads a stored entry's data; the first read includes its local header. */
  function* readStored(entry: ZipEntry, start: number, length: number): Reading {
    const known = dataOffsets.get(entry);
    if (known !== undefined) return yield { offset: known + start, length };
    const headerLength = 30 + entry.nameBytes.length + expectedPadding;
    const wanted = start <= headerLength ? headerLength + start + length : headerLength;
    const bytes = yield {
      offset: entry.headerOffset,
      length: Math.min(wanted, entry.limit - entry.headerOffset),
    };
    const dataOffset = checkLocalHeader(file, entry, bytes, fail);
    dataOffsets.set(entry, dataOffset);
    const first = dataOffset - entry.headerOffset + start;
    if (first + length <= bytes.length) return bytes.slice(first, first + length);
    return yield { offset: dataOffset + start, length };
  }

  function* readEntry(entry: ZipEntry, start: number, length: number): Reading {
    if (entry.obstacle !== null) {
      throw unsupportedZip(fail, file, `“${entry.name}” ${entry.obstacle}`, { file, entry: entry.name });
    }
    if (start + length > entry.size) {
      throw fail('zip-damaged', `In ${file}, “${entry.name}” is shorter than expected.`, {
        file,
        entry: entry.name,
        size: entry.size,
        expected: start + length,
      });
    }
    if (!entry.compressed) return yield* readStored(entry, start, length);
    const packed = yield* readStored(entry, 0, entry.compressedSize);
    return inflateEntry(file, entry, packed, options).slice(start, start + length);
  }

  async function run(reading: Reading, stop: AbortSignal | undefined) {
    let next = reading.next();
    while (next.done !== true) {
      next = reading.next(await source.read(next.value.offset, next.value.length, stop));
    }
    return next.value;
  }

  const { readSync } = source;
  return {
    entries,
    range({ headerOffset, nameBytes, limit }, start, length) {
      // The length of the padding is only in the local header.
      const earliest = headerOffset + 30 + nameBytes.length + start;
      return {
        begin: start === 0 ? headerOffset : earliest,
        end: Math.min(limit, earliest + expectedPadding + length),
      };
    },
    read: (entry, start, length, stop) => run(readEntry(entry, start, length), stop),
    readPacked: (entry, stop) => run(readStored(entry, 0, entry.compressedSize), stop),
    ...(readSync && {
      readSync: (entry: ZipEntry, start: number, length: number) => {
        const reading = readEntry(entry, start, length);
        let next = reading.next();
        while (next.done !== true) next = reading.next(readSync(next.value.offset, next.value.length));
        return next.value;
      },
    }),
  };
}

/** A read as a coroutine that requests byte ranges, so that `read` and `readSync` share it. */
type Reading = Generator<
  { readonly offset: number; readonly length: number },
  Uint8Array<ArrayBuffer>,
  Uint8Array<ArrayBuffer>
>;

/** Checks an entry's local header against the directory; returns the offset of its data. */
function checkLocalHeader(file: string, entry: ZipEntry, bytes: Uint8Array, fail: ZipFail): number {
  const view = bytesView(bytes);
  const nameEnd = 30 + entry.nameBytes.length;
  const good =
    bytes.length >= nameEnd &&
    view.getUint32(0, true) === 0x04034b50 &&
    view.getUint16(8, true) === entry.method &&
    view.getUint16(26, true) === entry.nameBytes.length &&
    sizeAgrees(view, entry) &&
    entry.nameBytes.every((byte, i) => byte === bytes[30 + i]);
  const length = good ? nameEnd + view.getUint16(28, true) : 0;
  if (good && entry.headerOffset + length + entry.compressedSize <= entry.limit) {
    return entry.headerOffset + length;
  }
  throw fail('zip-damaged', `In ${file}, “${entry.name}” is not where the directory says.`, {
    file,
    entry: entry.name,
    offset: entry.headerOffset,
  });
}

/** The local size may be deferred to a data descriptor (flag bit 3) or to the zip64 field. */
function sizeAgrees(header: DataView, entry: ZipEntry): boolean {
  const size = header.getUint32(18, true);
  const left = (header.getUint16(6, true) & 8) !== 0 && size === 0;
  return left || size === 0xffffffff || size === entry.compressedSize;
}

function inflateEntry(
  file: string,
  entry: ZipEntry,
  packed: Uint8Array,
  { fail, largestInflated }: ZipOptions,
): Uint8Array<ArrayBuffer> {
  if (entry.size > largestInflated) {
    throw unsupportedZip(fail, file, `“${entry.name}” is compressed and too large to unpack`, {
      file,
      entry: entry.name,
      size: entry.size,
    });
  }
  const out = new Uint8Array(entry.size);
  let length = 0;
  let cause: unknown;
  try {
    const inflate = new Inflate((chunk) => {
      // `set` throws if there is more data than the directory promised.
      out.set(chunk, length);
      length += chunk.length;
    });
    // In small steps, to stop a decompression bomb early.
    for (let at = 0; at < packed.length; at += 2 ** 14) {
      inflate.push(packed.subarray(at, at + 2 ** 14), at + 2 ** 14 >= packed.length);
    }
    if (length === out.length) return out;
  } catch (error) {
    cause = error;
  }
  throw fail(
    'zip-damaged',
    `In ${file}, “${entry.name}” cannot be unpacked.`,
    { file, entry: entry.name, size: entry.size, unpacked: length },
    cause,
  );
}
