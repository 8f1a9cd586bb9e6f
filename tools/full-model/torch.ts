import type { ByteSource } from '../../src/models/types.ts';
import { concat, uint, utf8 } from '../../tests/support/bytes.ts';
import { py, tensorOps } from '../../tests/support/torch-file.ts';
import { assemble, crcOf } from './assemble.ts';
import type { LazyBytes, Section } from './assemble.ts';
import { count, tensorBytes } from './values.ts';
import type { RandomTensor } from './values.ts';

/** Record of the archive. */
export interface TorchRecord {
  readonly name: string;
  readonly data: Section;
  /** CRC-32, if known; otherwise computed from the data when it is first read. */
  readonly crc32?: number;
}

/** Values from here on are stored in 64-bit (zip64) fields. */
const tooWide = 0xffffffff;
/** Alignment of storages in PyTorch's archives, in bytes. */
const alignment = 64;

/**
 * Checkpoint as written by `torch.save` of PyTorch 1.13 for a state dict: an uncompressed zip archive with a pickle
 * (protocol 2), one record per storage, and the version.
 */
export function torchFile(name: string, tensors: readonly RandomTensor[]): ByteSource {
  const pickle = py.pickle(
    py.orderedDict(
      ...tensors.map(
        ({ name: tensor, dims }, index): [ReturnType<typeof py.string>, Uint8Array<ArrayBuffer>] => [
          py.string(tensor),
          tensorOps({
            storage: { key: String(index), className: 'FloatStorage', count: count(dims) },
            dims,
            strides: dims.map((_, axis) => count(dims.slice(axis + 1))),
          }),
        ],
      ),
    ),
  );
  return torchArchive(name, [
    { name: 'archive/data.pkl', data: pickle },
    ...tensors.map((tensor, index) => ({
      name: `archive/data/${index}`,
      data: tensorBytes(tensor, 'float32'),
    })),
    { name: 'archive/version', data: utf8('3\n') },
  ]);
}

/**
 * Archive with the layout of PyTorch's writer (miniz with zip64): local headers leave sizes to a data descriptor, a
 * padding field "FB" aligns the data, and zip64 fields are used from 4 GB on. The end of central directory is written
 * in both formats.
 */
export function torchArchive(name: string, records: readonly TorchRecord[]): ByteSource {
  const sections: Section[] = [];
  const directory: Section[] = [];
  let at = 0;
  const append = (...added: readonly Section[]) => {
    for (const section of added) {
      sections.push(section);
      at += section.length;
    }
  };
  for (const record of records) {
    const header = at;
    const path = utf8(record.name);
    const size = record.data.length;
    const [wideSize, wideOffset] = [size >= tooWide, header >= tooWide];
    const wideFields = concat(
      ...(wideSize ? [uint(8, size), uint(8, size)] : []),
      ...(wideOffset ? [uint(8, header)] : []),
    );
    const wide =
      wideFields.length > 0 ? concat(uint(2, 1), uint(2, wideFields.length), wideFields) : utf8('');
    const start = at + 30 + path.length + wide.length + 4;
    const padding = (alignment - (start % alignment)) % alignment;
    const pad = concat(utf8('FB'), uint(2, padding), utf8('Z'.repeat(padding)));
    append(
      concat(
        uint(4, 0x04034b50),
        uint(2, 0),
        uint(2, 0x0808),
        new Uint8Array(18),
        uint(2, path.length),
        uint(2, wide.length + pad.length),
        path,
        wide,
        pad,
      ),
      record.data,
    );
    const width = wide.length > 0 ? 8 : 4;
    const sum = lazily(4, () => uint(4, record.crc32 ?? crcOf(record.data)));
    append(uint(4, 0x08074b50), sum, uint(width, size), uint(width, size));
    const narrow = (value: number) => uint(4, Math.min(value, tooWide));
    directory.push(
      concat(uint(4, 0x02014b50), new Uint8Array(4), uint(2, 0x0808), new Uint8Array(6)),
      sum,
      concat(narrow(size), narrow(size), uint(2, path.length), uint(2, wide.length), new Uint8Array(10)),
      concat(narrow(header), path, wide),
    );
  }
  const start = at;
  append(...directory);
  const [list, end, number] = [at - start, at, records.length];
  append(
    concat(
      uint(4, 0x06064b50),
      uint(8, 44),
      uint(2, 0x031e),
      uint(2, 45),
      new Uint8Array(8),
      uint(8, number),
      uint(8, number),
      uint(8, list),
      uint(8, start),
    ),
    concat(uint(4, 0x07064b50), uint(4, 0), uint(8, end), uint(4, 1)),
    concat(
      uint(4, 0x06054b50),
      uint(4, 0),
      uint(2, Math.min(number, 0xffff)),
      uint(2, Math.min(number, 0xffff)),
      uint(4, Math.min(list, tooWide)),
      uint(4, Math.min(start, tooWide)),
      uint(2, 0),
    ),
  );
  return assemble(name, sections);
}

/** Lazily computed bytes, cached after the first read. */
function lazily(length: number, make: () => Uint8Array): LazyBytes {
  let known: Uint8Array | null = null;
  const bytes = () => (known ??= make());
  return {
    length,
    fill(target, offset) {
      target.set(bytes().subarray(offset, offset + target.length));
    },
  };
}
