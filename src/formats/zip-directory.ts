import type { ErrorDetails } from '../base/index.ts';
import type { ByteSource } from './byte-source.ts';

/** Why an archive is refused: truncated, inconsistent, or uses an unsupported feature. */
export type ZipFault = 'truncated' | 'zip-damaged' | 'zip-unsupported';

export interface ZipOptions {
  /** Creates the error to throw: the remedy depends on what the archive is for. */
  readonly fail: (fault: ZipFault, message: string, details: ErrorDetails, cause?: unknown) => Error;
  /** Maximum size of the central directory, in bytes. */
  readonly longestDirectory: number;
  /** Maximum uncompressed size of a compressed entry, which is inflated in memory. */
  readonly largestInflated: number;
  /**
   * Whether bytes before the archive, as in self-extracting programs, and after its end are accepted. Not for files that
   * Drift or PyTorch wrote: there, they are damage.
   */
  readonly embedded?: boolean;
}

/** A file in a ZIP archive, as listed in its central directory. */
export interface ZipEntry {
  readonly name: string;
  /** Uncompressed length in bytes. */
  readonly size: number;
  readonly compressedSize: number;
  readonly compressed: boolean;
  /** Method of compression and general purpose flags, as APPNOTE.TXT numbers them. */
  readonly method: number;
  readonly flags: number;
  /** Why it cannot be read, such as “is encrypted”; null if it can. */
  readonly obstacle: string | null;
  /** CRC-32 of the uncompressed bytes according to the directory; `read` does not verify it. */
  readonly crc32: number;
  /** Offset of the local header; `limit` is the offset of whatever follows the entry. */
  readonly headerOffset: number;
  readonly limit: number;
  readonly nameBytes: Uint8Array;
}

const endSignature = 0x06054b50;
const recordSignature = 0x06064b50;
/** Longest comment (65535) plus the end record (22). */
const longestTail = 65535 + 22;

/** Makes the error that a fault of an archive becomes. */
export type ZipFail = ZipOptions['fail'];

/** A DataView of the same bytes. */
export function bytesView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Reads a 64-bit integer, which must be a safe integer. */
function uint64(file: string, view: DataView, at: number, fail: ZipFail): number {
  const value = view.getBigUint64(at, true);
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw fail('zip-damaged', `${file} claims sizes that no file has.`, { file, claimed: value.toString() });
}

/**
 * Finds the central directory by the end record, or by the ZIP64 end record if there is one (PKWARE APPNOTE.TXT 6.3).
 * Returns its offset and size in bytes, the number of its entries, and the offset of the archive in the file.
 *
 * @param embedded whether there may be bytes before and after the archive
 * @throws `fail`'s error if the archive is truncated, damaged or split into volumes; the signal's reason
 */
export async function findDirectory(
  source: ByteSource,
  { fail, embedded = false }: Pick<ZipOptions, 'fail' | 'embedded'>,
  signal: AbortSignal | undefined,
): Promise<{ offset: number; size: number; count: number; base: number }> {
  const file = source.name;
  const tailLength = Math.min(source.size, longestTail);
  const tailOffset = source.size - tailLength;
  const tail = await source.read(tailOffset, tailLength, signal);
  const view = bytesView(tail);
  const lastEnd = (accepts: (end: number) => boolean) => {
    let at = tailLength - 22;
    while (
      at >= 0 &&
      (view.getUint32(at, true) !== endSignature || !accepts(at + 22 + view.getUint16(at + 20, true)))
    ) {
      at--;
    }
    return at;
  };
  // The comment must reach to the end of the file: the signature alone may also occur inside a comment.
  let at = lastEnd((end) => end === tailLength);
  if (at < 0 && embedded) at = lastEnd((end) => end < tailLength);
  if (at < 0) {
    throw fail('truncated', `${file} has no end: the list of its contents is missing.`, {
      file,
      size: source.size,
    });
  }
  let end = tailOffset + at;
  let disks = view.getUint16(at + 4, true) + view.getUint16(at + 6, true);
  let count = view.getUint16(at + 10, true);
  let size = view.getUint32(at + 12, true);
  let offset = view.getUint32(at + 16, true);
  if (end >= 20) {
    const locator = bytesView(await source.read(end - 20, 20, signal));
    if (locator.getUint32(0, true) === 0x07064b50) {
      const stated = uint64(file, locator, 8, fail);
      // What is stated does not count bytes before the archive; a record without extensions ends where the locator begins.
      const nearest = embedded && end >= 76 ? await source.read(end - 76, 4, signal) : null;
      const isNearest = nearest !== null && bytesView(nearest).getUint32(0, true) === recordSignature;
      const recordOffset = isNearest ? end - 76 : stated;
      if (recordOffset + 56 > end - 20) throw misplacedDirectory(fail, file, recordOffset, 56, end - 20);
      const record = bytesView(await source.read(recordOffset, 56, signal));
      if (record.getUint32(0, true) !== recordSignature) {
        throw fail('zip-damaged', `${file} has a damaged directory.`, { file, offset: recordOffset });
      }
      disks = record.getUint32(16, true) + record.getUint32(20, true);
      count = uint64(file, record, 32, fail);
      size = uint64(file, record, 40, fail);
      offset = uint64(file, record, 48, fail);
      end = recordOffset;
    }
  }
  if (disks !== 0) throw unsupportedZip(fail, file, 'it is one of several volumes', { file, disks });
  // The directory must end where the end record starts.
  const base = end - (offset + size);
  if (base < 0 || (base > 0 && !embedded)) throw misplacedDirectory(fail, file, offset, size, end);
  return { offset: offset + base, size, count, base };
}

function misplacedDirectory(fail: ZipFail, file: string, offset: number, size: number, end: number): Error {
  return fail('zip-damaged', `The directory of ${file} is not where it should be.`, {
    file,
    offset,
    size,
    end,
  });
}

/** The error for an archive that uses an unsupported feature. */
export function unsupportedZip(fail: ZipFail, file: string, reason: string, details: ErrorDetails): Error {
  return fail('zip-unsupported', `${file} cannot be read: ${reason}.`, details);
}

/**
 * Parses the central directory. Returns the entries by name.
 *
 * @param count number of entries that the end record states
 * @param dataEnd offset of the directory in the file, where the last entry must end
 * @param base offset of the archive in the file
 * @throws `fail`'s error if an entry is damaged, overlaps the next one, or has another's name
 */
export function parseDirectory(
  file: string,
  directory: Uint8Array,
  count: number,
  dataEnd: number,
  base: number,
  fail: ZipFail,
): Map<string, ZipEntry> {
  const view = bytesView(directory);
  const found: Omit<ZipEntry, 'limit'>[] = [];
  let at = 0;
  while (at < directory.length) {
    const next = at + 46;
    if (next > directory.length || view.getUint32(at, true) !== 0x02014b50) {
      throw fail('zip-damaged', `${file} has a damaged directory.`, { file, at });
    }
    const nameEnd = next + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const end = extraEnd + view.getUint16(at + 32, true);
    if (end > directory.length) {
      throw fail('zip-damaged', `${file} has a damaged directory.`, { file, at });
    }
    const nameBytes = directory.subarray(next, nameEnd);
    const name = decodedName(nameBytes);
    const method = view.getUint16(at + 10, true);
    const flags = view.getUint16(at + 8, true);
    const obstacle = obstacleOf(flags, method);
    const narrow = {
      size: view.getUint32(at + 24, true),
      compressedSize: view.getUint32(at + 20, true),
      headerOffset: view.getUint32(at + 42, true),
    };
    const stated = wideFields(file, name, directory.subarray(nameEnd, extraEnd), narrow, fail);
    const sizes = { ...stated, headerOffset: stated.headerOffset + base };
    if (method === 0 && obstacle === null && sizes.size !== sizes.compressedSize) {
      throw fail('zip-damaged', `In ${file}, “${name}” has two different lengths.`, {
        file,
        entry: name,
        size: sizes.size,
        compressedSize: sizes.compressedSize,
      });
    }
    const crc32 = view.getUint32(at + 16, true);
    found.push({ name, nameBytes, compressed: method === 8, method, flags, obstacle, crc32, ...sizes });
    at = end;
  }
  if (found.length !== count) {
    throw fail('zip-damaged', `${file} lists ${found.length} of its ${count} entries.`, {
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
      throw fail('zip-damaged', `In ${file}, “${entry.name}” reaches into what comes after it.`, {
        file,
        entry: entry.name,
        offset: entry.headerOffset,
        size: entry.compressedSize,
        limit,
      });
    }
    if (entries.has(entry.name)) {
      throw fail('zip-damaged', `${file} has two entries called “${entry.name}”.`, {
        file,
        entry: entry.name,
      });
    }
    entries.set(entry.name, { ...entry, limit });
  }
  return entries;
}

/** Whether an entry with these flags is encrypted, or its directory. */
export function isEncryptedZip(flags: number): boolean {
  return (flags & 0x2041) !== 0;
}

/** Why an entry with these flags and this method of compression cannot be read; null if it can. */
function obstacleOf(flags: number, method: number): string | null {
  if (isEncryptedZip(flags)) return 'is encrypted';
  return method === 0 || method === 8 ? null : 'is compressed in an unusual way';
}

/**
 * Name of an entry. Older programs write the encoding of their system, which the archive does not name: every byte then becomes
 * a character of its own, so that different names stay different.
 */
function decodedName(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

interface Sizes {
  readonly size: number;
  readonly compressedSize: number;
  readonly headerOffset: number;
}

/** Replaces 32-bit fields of 0xffffffff by those of the zip64 extra field, which has the present ones in this order. */
function wideFields(file: string, entry: string, extra: Uint8Array, narrow: Sizes, fail: ZipFail): Sizes {
  const isWide = (value: number) => value === 0xffffffff;
  if (!isWide(narrow.size) && !isWide(narrow.compressedSize) && !isWide(narrow.headerOffset)) return narrow;
  const view = bytesView(extra);
  let at = 0;
  while (at + 4 <= extra.length && view.getUint16(at, true) !== 1) at += 4 + view.getUint16(at + 2, true);
  const end = at + 4 <= extra.length ? at + 4 + view.getUint16(at + 2, true) : 0;
  at += 4;
  const widen = (value: number) => {
    if (!isWide(value)) return value;
    at += 8;
    if (at <= end && end <= extra.length) return uint64(file, view, at - 8, fail);
    throw fail('zip-damaged', `In ${file}, the length of “${entry}” is missing.`, { file, entry });
  };
  const size = widen(narrow.size);
  const compressedSize = widen(narrow.compressedSize);
  return { size, compressedSize, headerOffset: widen(narrow.headerOffset) };
}
