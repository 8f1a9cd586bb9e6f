import { concatBytes } from '../base/index.ts';

/** Maxima of 32-bit and 16-bit fields: in such a field they mean that the value is in a ZIP64 record. */
export const maxUint32 = 0xffffffff;
const maxUint16 = 0xffff;
/** 1980-01-01, the earliest ZIP date, so that archives are reproducible. */
const dosDate = (1 << 5) | 1;
/** Version needed to extract archives with ZIP64 records: 4.5. */
export const zip64Version = 45;

/** What a local header and the directory record of an entry both say; numbers as in PKWARE APPNOTE.TXT 6.3. */
export interface EntryFields {
  /** Version needed to extract. */
  readonly version: number;
  readonly flags: number;
  readonly method: number;
  readonly crc32: number;
  /** Lengths in bytes, below 4 GiB. */
  readonly packedSize: number;
  readonly size: number;
  readonly nameLength: number;
}

/** Encodes those fields, from the version to the length of the name. */
export function entryFields(entry: EntryFields): Uint8Array<ArrayBuffer> {
  return record(
    [2, entry.version],
    [2, entry.flags],
    [2, entry.method],
    [2, 0],
    [2, dosDate],
    [4, entry.crc32],
    [4, entry.packedSize],
    [4, entry.size],
    [2, entry.nameLength],
  );
}

/** Header before an entry's data. */
export function localHeader(fields: Uint8Array, path: Uint8Array): Uint8Array<ArrayBuffer> {
  return concatBytes([record([4, 0x04034b50]), fields, record([2, 0]), path]);
}

/** An entry's record in the central directory, in parts; `offset` is that of its local header. */
export function directoryRecord(fields: Uint8Array, path: Uint8Array, offset: number): readonly Uint8Array[] {
  const zip64Field = offset >= maxUint32 ? record([2, 1], [2, 8], [8, offset]) : record();
  const start = Math.min(offset, maxUint32);
  return [
    record([4, 0x02014b50], [2, zip64Version]),
    fields,
    // Extra field length, comment length, volume, internal and external attributes, offset of the local header.
    record([2, zip64Field.length], [2, 0], [2, 0], [2, 0], [4, 0], [4, start]),
    path,
    zip64Field,
  ];
}

/** End of central directory record, preceded by the ZIP64 record and locator where needed. */
export function endOfDirectory(count: number, size: number, offset: number): Uint8Array<ArrayBuffer> {
  const end = record(
    [4, 0x06054b50],
    [4, 0],
    [2, Math.min(count, maxUint16)],
    [2, Math.min(count, maxUint16)],
    [4, Math.min(size, maxUint32)],
    [4, Math.min(offset, maxUint32)],
    [2, 0],
  );
  if (count < maxUint16 && size < maxUint32 && offset < maxUint32) return end;
  const zip64 = record(
    [4, 0x06064b50],
    // Length of the rest of this record.
    [8, 44],
    [2, zip64Version],
    [2, zip64Version],
    [8, 0],
    [8, count],
    [8, count],
    [8, size],
    [8, offset],
  );
  return concatBytes([zip64, record([4, 0x07064b50], [4, 0], [8, offset + size], [4, 1]), end]);
}

/** Encodes little-endian fields, each given as its width in bytes and its value. */
function record(...fields: readonly (readonly [width: 2 | 4 | 8, value: number])[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(fields.reduce((sum, [width]) => sum + width, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else if (width === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += width;
  }
  return bytes;
}
