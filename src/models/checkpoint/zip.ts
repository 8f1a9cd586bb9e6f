import { Inflate } from 'fflate';
import type { ByteSource } from '../types.ts';
import { damage } from './damage.ts';

/** One file inside a zip archive, as the archive's directory describes it. */
export interface ZipEntry {
  readonly name: string;
  /** Length in bytes once it is unpacked. */
  readonly size: number;
  readonly compressedSize: number;
  readonly compressed: boolean;
  /** Where its local header stands, and where the next thing in the file begins. */
  readonly headerOffset: number;
  readonly limit: number;
  readonly nameBytes: Uint8Array;
}

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
}

/** Longest comment (65535) and the record that ends an archive (22). */
const longestTail = 65535 + 22;
/** A model has a thousand entries of a hundred bytes. */
const longestDirectory = 64 * 2 ** 20;
/** Checkpoints are stored, not compressed; what someone packed again is unpacked in memory up to this. */
const largestInflated = 256 * 2 ** 20;
/** Local headers end with padding up to 64 bytes of alignment; reading this much more finds the data at once. */
const expectedPadding = 256;

/**
 * Opens a zip archive of any size (zip64 too) by ranged reads of its directory alone.
 * Format: PKWARE's APPNOTE.TXT 6.3.
 *
 * @throws CheckpointError `truncated` (the directory, which stands at the end, is missing), `zip-damaged` (the
 *   directory contradicts itself or the file), `zip-unsupported` (encrypted, in volumes, unknown compression).
 */
export async function openZip(source: ByteSource, signal?: AbortSignal): Promise<Zip> {
  const file = source.name;
  const { offset, size, count } = await findDirectory(source, signal);
  if (size > longestDirectory) {
    throw damage('zip-damaged', `${file} claims a directory of ${size} bytes.`, { file, size });
  }
  const directory = await source.read(offset, size, signal);
  const entries = parseDirectory(file, directory, count, offset);
  const dataOffsets = new Map<ZipEntry, number>();

  /** Reads at the entry's data; the first time, its header is in the same read. */
  async function readStored(entry: ZipEntry, start: number, length: number, stop: AbortSignal | undefined) {
    const known = dataOffsets.get(entry);
    if (known !== undefined) return source.read(known + start, length, stop);
    const headerLength = 30 + entry.nameBytes.length + expectedPadding;
    const wanted = start <= headerLength ? headerLength + start + length : headerLength;
    const bytes = await source.read(
      entry.headerOffset,
      Math.min(wanted, entry.limit - entry.headerOffset),
      stop,
    );
    const dataOffset = checkLocalHeader(file, entry, bytes);
    dataOffsets.set(entry, dataOffset);
    const first = dataOffset - entry.headerOffset + start;
    if (first + length <= bytes.length) return bytes.slice(first, first + length);
    return source.read(dataOffset + start, length, stop);
  }

  return {
    entries,
    async read(entry, start, length, stop) {
      if (start + length > entry.size) {
        throw damage('zip-damaged', `In ${file}, “${entry.name}” is shorter than expected.`, {
          file,
          entry: entry.name,
          size: entry.size,
          expected: start + length,
        });
      }
      if (!entry.compressed) return readStored(entry, start, length, stop);
      const packed = await readStored(entry, 0, entry.compressedSize, stop);
      return inflateEntry(file, entry, packed).slice(start, start + length);
    },
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** A 64-bit number that has to fit into the file, so that it is exact as a JavaScript number. */
function uint64(file: string, view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw damage('zip-damaged', `${file} claims sizes that no file has.`, { file, claimed: value.toString() });
}

async function findDirectory(
  source: ByteSource,
  signal: AbortSignal | undefined,
): Promise<{ offset: number; size: number; count: number }> {
  const file = source.name;
  const tailLength = Math.min(source.size, longestTail);
  const tailOffset = source.size - tailLength;
  const tail = await source.read(tailOffset, tailLength, signal);
  const view = viewOf(tail);
  let at = tailLength - 22;
  // The record's comment runs to the end of the file; the signature alone may also occur inside of a comment.
  while (
    at >= 0 &&
    (view.getUint32(at, true) !== 0x06054b50 || at + 22 + view.getUint16(at + 20, true) !== tailLength)
  ) {
    at--;
  }
  if (at < 0) {
    throw damage(
      'truncated',
      `${file} has no end: the list of its contents is missing.`,
      { file, size: source.size },
      { remedy: 'The file was cut short. Download or copy it again.' },
    );
  }
  let end = tailOffset + at;
  let disks = view.getUint16(at + 4, true) + view.getUint16(at + 6, true);
  let count = view.getUint16(at + 10, true);
  let size = view.getUint32(at + 12, true);
  let offset = view.getUint32(at + 16, true);
  if (end >= 20) {
    const locator = viewOf(await source.read(end - 20, 20, signal));
    if (locator.getUint32(0, true) === 0x07064b50) {
      const recordOffset = uint64(file, locator, 8);
      if (recordOffset + 56 > end - 20) throw lyingDirectory(file, recordOffset, 56, end - 20);
      const record = viewOf(await source.read(recordOffset, 56, signal));
      if (record.getUint32(0, true) !== 0x06064b50) {
        throw damage('zip-damaged', `${file} has a damaged directory.`, { file, offset: recordOffset });
      }
      disks = record.getUint32(16, true) + record.getUint32(20, true);
      count = uint64(file, record, 32);
      size = uint64(file, record, 40);
      offset = uint64(file, record, 48);
      end = recordOffset;
    }
  }
  if (disks !== 0) throw unsupported(file, 'it is one of several volumes', { file, disks });
  // Anything between the directory and its end would be bytes that nobody accounts for.
  if (offset + size !== end) throw lyingDirectory(file, offset, size, end);
  return { offset, size, count };
}

function lyingDirectory(file: string, offset: number, size: number, end: number): Error {
  return damage('zip-damaged', `${file} says that its directory lies where it is not.`, {
    file,
    offset,
    size,
    end,
  });
}

function unsupported(
  file: string,
  reason: string,
  details: Readonly<Record<string, string | number>>,
): Error {
  return damage('zip-unsupported', `${file} cannot be read: ${reason}.`, details, {
    remedy: 'Use the file as PyTorch wrote it, or the .safetensors version of the model.',
  });
}

function parseDirectory(
  file: string,
  directory: Uint8Array,
  count: number,
  dataEnd: number,
): Map<string, ZipEntry> {
  const view = viewOf(directory);
  const decoder = new TextDecoder();
  const found: Omit<ZipEntry, 'limit'>[] = [];
  let at = 0;
  while (at < directory.length) {
    const next = at + 46;
    if (next > directory.length || view.getUint32(at, true) !== 0x02014b50) {
      throw damage('zip-damaged', `${file} has a damaged directory.`, { file, at });
    }
    const nameEnd = next + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const end = extraEnd + view.getUint16(at + 32, true);
    if (end > directory.length) {
      throw damage('zip-damaged', `${file} has a damaged directory.`, { file, at });
    }
    const nameBytes = directory.subarray(next, nameEnd);
    const name = decoder.decode(nameBytes);
    const method = view.getUint16(at + 10, true);
    if ((view.getUint16(at + 8, true) & 0x2041) !== 0) {
      throw unsupported(file, `“${name}” is encrypted`, { file, entry: name });
    }
    if (method !== 0 && method !== 8) {
      throw unsupported(file, `“${name}” is compressed in an unusual way`, { file, entry: name, method });
    }
    const sizes = wideFields(file, name, directory.subarray(nameEnd, extraEnd), {
      size: view.getUint32(at + 24, true),
      compressedSize: view.getUint32(at + 20, true),
      headerOffset: view.getUint32(at + 42, true),
    });
    if (method === 0 && sizes.size !== sizes.compressedSize) {
      throw damage('zip-damaged', `In ${file}, “${name}” has two different lengths.`, {
        file,
        entry: name,
        size: sizes.size,
        compressedSize: sizes.compressedSize,
      });
    }
    found.push({ name, nameBytes, compressed: method === 8, ...sizes });
    at = end;
  }
  if (found.length !== count) {
    throw damage('zip-damaged', `${file} lists ${found.length} of its ${count} entries.`, {
      file,
      count,
      found: found.length,
    });
  }

  const entries = new Map<string, ZipEntry>();
  const inOrder = found.toSorted((a, b) => a.headerOffset - b.headerOffset);
  for (const [i, entry] of inOrder.entries()) {
    const limit = inOrder[i + 1]?.headerOffset ?? dataEnd;
    if (entry.headerOffset + 30 + entry.nameBytes.length + entry.compressedSize > limit) {
      throw damage('zip-damaged', `In ${file}, “${entry.name}” reaches into what comes after it.`, {
        file,
        entry: entry.name,
        offset: entry.headerOffset,
        size: entry.compressedSize,
        limit,
      });
    }
    if (entries.has(entry.name)) {
      throw damage('zip-damaged', `${file} has two entries called “${entry.name}”.`, {
        file,
        entry: entry.name,
      });
    }
    entries.set(entry.name, { ...entry, limit });
  }
  return entries;
}

interface Sizes {
  readonly size: number;
  readonly compressedSize: number;
  readonly headerOffset: number;
}

/** Replaces fields that say 0xffffffff by the 64-bit ones in the zip64 extra field, which has them in this order. */
function wideFields(file: string, entry: string, extra: Uint8Array, narrow: Sizes): Sizes {
  const isWide = (value: number) => value === 0xffffffff;
  if (!isWide(narrow.size) && !isWide(narrow.compressedSize) && !isWide(narrow.headerOffset)) return narrow;
  const view = viewOf(extra);
  let at = 0;
  while (at + 4 <= extra.length && view.getUint16(at, true) !== 1) at += 4 + view.getUint16(at + 2, true);
  const end = at + 4 <= extra.length ? at + 4 + view.getUint16(at + 2, true) : 0;
  at += 4;
  const widen = (value: number) => {
    if (!isWide(value)) return value;
    at += 8;
    if (at <= end && end <= extra.length) return uint64(file, view, at - 8);
    throw damage('zip-damaged', `In ${file}, the length of “${entry}” is missing.`, { file, entry });
  };
  const size = widen(narrow.size);
  const compressedSize = widen(narrow.compressedSize);
  return { size, compressedSize, headerOffset: widen(narrow.headerOffset) };
}

/** Checks the header before an entry's data against the directory; returns where the data begins. */
function checkLocalHeader(file: string, entry: ZipEntry, bytes: Uint8Array): number {
  const view = viewOf(bytes);
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
  throw damage('zip-damaged', `In ${file}, “${entry.name}” is not where the directory says.`, {
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

function inflateEntry(file: string, entry: ZipEntry, packed: Uint8Array): Uint8Array<ArrayBuffer> {
  if (entry.size > largestInflated) {
    throw unsupported(file, `“${entry.name}” is compressed and too large to unpack`, {
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
  throw damage(
    'zip-damaged',
    `In ${file}, “${entry.name}” cannot be unpacked.`,
    { file, entry: entry.name, size: entry.size, unpacked: length },
    { cause },
  );
}
