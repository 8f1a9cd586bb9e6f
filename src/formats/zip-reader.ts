import { Inflate } from 'fflate';
import type { ByteSource } from './byte-source.ts';
import { bytesView, findDirectory, parseDirectory, unsupportedZip } from './zip-directory.ts';
import type { ZipEntry, ZipOptions } from './zip-directory.ts';

/** A zip archive whose directory has been read and checked. */
export interface Zip {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /**
   * `length` bytes of an entry from `start`. Of stored entries only these are read (and a header once),
   * of compressed ones all of it.
   */
  read(
    entry: ZipEntry,
    start: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** The same at once, where the archive's source can. */
  readonly readSync?: (entry: ZipEntry, start: number, length: number) => Uint8Array<ArrayBuffer>;
  /**
   * The part of the archive that holds `length` bytes of a stored entry from `start`: for whoever fetches it before it is
   * read. Where a part begins after the entry's beginning, its header has to be read besides, once.
   */
  range(entry: ZipEntry, start: number, length: number): { readonly begin: number; readonly end: number };
}

/** Local headers end with padding up to 64 bytes of alignment; reading this much more finds the data at once. */
const expectedPadding = 256;

/**
 * Opens a zip archive of any size (zip64 too) by ranged reads of its directory alone.
 * Format: PKWARE's APPNOTE.TXT 6.3.
 *
 * @throws what `options.fail` makes of `truncated` (the directory, which stands at the end, is missing),
 *   `zip-damaged` (the directory contradicts itself or the file) or `zip-unsupported` (encrypted, in volumes, unknown
 *   compression, too large to unpack).
 */
export async function openZip(source: ByteSource, options: ZipOptions, signal?: AbortSignal): Promise<Zip> {
  const { fail } = options;
  const file = source.name;
  const { offset, size, count } = await findDirectory(source, fail, signal);
  if (size > options.longestDirectory) {
    throw fail('zip-damaged', `${file} claims a directory of ${size} bytes.`, { file, size });
  }
  const directory = await source.read(offset, size, signal);
  const entries = parseDirectory(file, directory, count, offset, fail);
  const dataOffsets = new Map<ZipEntry, number>();

  /** Reads at the entry's data; the first time, its header is in the same read. */
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

  const { readSync } = source;
  return {
    entries,
    range({ headerOffset, nameBytes, limit }, start, length) {
      // How much padding there is only the local header says.
      const earliest = headerOffset + 30 + nameBytes.length + start;
      return {
        begin: start === 0 ? headerOffset : earliest,
        end: Math.min(limit, earliest + expectedPadding + length),
      };
    },
    async read(entry, start, length, stop) {
      const reading = readEntry(entry, start, length);
      let next = reading.next();
      while (next.done !== true) {
        next = reading.next(await source.read(next.value.offset, next.value.length, stop));
      }
      return next.value;
    },
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

/** What reading takes, apart from how bytes are got: it asks for ranges of the file and is given them. */
type Reading = Generator<
  { readonly offset: number; readonly length: number },
  Uint8Array<ArrayBuffer>,
  Uint8Array<ArrayBuffer>
>;

type Fail = ZipOptions['fail'];

/** Checks the header before an entry's data against the directory; returns where the data begins. */
function checkLocalHeader(file: string, entry: ZipEntry, bytes: Uint8Array, fail: Fail): number {
  const view = bytesView(bytes);
  const nameEnd = 30 + entry.nameBytes.length;
  const good =
    bytes.length >= nameEnd &&
    view.getUint32(0, true) === 0x04034b50 &&
    view.getUint16(8, true) === (entry.compressed ? 8 : 0) &&
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

/** The local header's own length may be left to a record after the data (flag 3), or to its zip64 field. */
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
      // A chunk that does not fit is more than was promised; `set` throws.
      out.set(chunk, length);
      length += chunk.length;
    });
    // In small steps, so that a bomb is noticed before it goes off.
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
