import { crc32, deflateRawSync } from 'node:zlib';
import { concat, uint, utf8 } from './bytes.ts';
import type { Segment } from './bytes.ts';

/** A file for a ZIP archive: bytes, or a number of zeros that are never materialised. */
export interface Packed {
  readonly name: string;
  readonly data: Uint8Array | number;
  readonly compress?: boolean;
}

export interface ZipOptions {
  /** Uses ZIP64 fields even if 32 bits suffice. */
  readonly zip64?: boolean;
  /** Pads local headers to align data, like PyTorch. */
  readonly alignment?: number;
  readonly comment?: string;
}

/** ZIP archive as sparse segments, so that it may be larger than memory. */
export function zipSegments(
  files: readonly Packed[],
  { zip64 = false, alignment = 1, comment = '' }: ZipOptions = {},
): { size: number; segments: Segment[] } {
  const segments: Segment[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, data, compress = false } of files) {
    const nameBytes = utf8(name);
    const size = typeof data === 'number' ? data : data.length;
    const plain = typeof data === 'number' ? new Uint8Array(0) : data;
    const stored = compress ? new Uint8Array(deflateRawSync(plain)) : plain;
    const packed = compress ? stored.length : size;
    const wide = zip64 || size >= 0xffffffff || at >= 0xffffffff;
    const narrow = (value: number) => uint(4, wide ? 0xffffffff : value);
    const common = concat(
      uint(2, wide ? 45 : 20),
      uint(2, 0x800),
      uint(2, compress ? 8 : 0),
      uint(4, 0),
      uint(4, crc32(plain)),
      narrow(packed),
      narrow(size),
      uint(2, nameBytes.length),
    );
    const localWide = wide ? concat(uint(2, 1), uint(2, 16), uint(8, size), uint(8, packed)) : utf8('');
    const before = at + 30 + nameBytes.length + localWide.length;
    // Extra field "FB", used only for padding.
    const padding = alignment === 1 ? 0 : 4 + ((alignment - ((before + 4) % alignment)) % alignment);
    const pad =
      padding === 0 ? utf8('') : concat(utf8('FB'), uint(2, padding - 4), new Uint8Array(padding - 4));
    const header = concat(
      uint(4, 0x04034b50),
      common,
      uint(2, localWide.length + pad.length),
      nameBytes,
      localWide,
      pad,
    );
    segments.push({ at, bytes: header }, { at: at + header.length, bytes: stored });
    const wideField = wide
      ? concat(uint(2, 1), uint(2, 24), uint(8, size), uint(8, packed), uint(8, at))
      : utf8('');
    directory.push(
      concat(
        uint(4, 0x02014b50),
        uint(2, 45),
        common,
        uint(2, wideField.length),
        new Uint8Array(10),
        narrow(at),
        nameBytes,
        wideField,
      ),
    );
    at += header.length + packed;
  }
  const list = concat(...directory);
  const wide = zip64 || at >= 0xffffffff;
  const record = wide
    ? concat(
        uint(4, 0x06064b50),
        uint(8, 44),
        uint(2, 45),
        uint(2, 45),
        new Uint8Array(8),
        uint(8, files.length),
        uint(8, files.length),
        uint(8, list.length),
        uint(8, at),
        uint(4, 0x07064b50),
        uint(4, 0),
        uint(8, at + list.length),
        uint(4, 1),
      )
    : utf8('');
  const count = uint(2, wide ? 0xffff : files.length);
  const end = concat(
    uint(4, 0x06054b50),
    uint(4, 0),
    count,
    count,
    uint(4, wide ? 0xffffffff : list.length),
    uint(4, wide ? 0xffffffff : at),
    uint(2, comment.length),
    utf8(comment),
  );
  const tail = concat(list, record, end);
  segments.push({ at, bytes: tail });
  return { size: at + tail.length, segments };
}

/** A ZIP archive in memory. */
export function zipFile(files: readonly Packed[], options?: ZipOptions): Uint8Array<ArrayBuffer> {
  const { size, segments } = zipSegments(files, options);
  const bytes = new Uint8Array(size);
  for (const segment of segments) bytes.set(segment.bytes, segment.at);
  return bytes;
}
