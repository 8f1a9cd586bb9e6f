import { describe, expect, it } from 'vitest';
import { openTorchZip } from '../../../../src/models/checkpoint/zip.ts';
import { memorySource } from '../../../../src/models/source.ts';
import { concat, uint, utf8 } from '../../../support/bytes.ts';
import { failure } from '../../../support/failure.ts';
import { zipFile } from '../../../support/zip-file.ts';
import type { Packed, ZipOptions } from '../../../support/zip-file.ts';

const open = (bytes: Uint8Array) => openTorchZip(memorySource('a.zip', bytes));
const text = 'the same words again and again, '.repeat(2000);
const files: Packed[] = [
  { name: 'one', data: utf8('first') },
  { name: 'folder/two', data: utf8(text), compress: true },
  { name: 'none', data: utf8('') },
];

async function readAll(bytes: Uint8Array): Promise<Record<string, string>> {
  const zip = await open(bytes);
  const contents: Record<string, string> = {};
  for (const entry of zip.entries.values()) {
    contents[entry.name] = new TextDecoder().decode(await zip.read(entry, 0, entry.size));
  }
  return contents;
}

/** Offset of the central directory according to the end record. */
const directoryAt = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 6, true);

/** The archive with bytes replaced at an offset. */
function patched(bytes: Uint8Array, at: number, patch: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy.set(patch, at);
  return copy;
}

describe('openTorchZip', () => {
  it.each<[string, ZipOptions]>([
    ['as usual', {}],
    ['with 64-bit records', { zip64: true }],
    ['with padding', { alignment: 64 }],
    ['with the longest comment', { comment: 'c'.repeat(65535) }],
  ])('reads every entry, %s', async (_, options) => {
    expect(await readAll(zipFile(files, options))).toEqual({ one: 'first', 'folder/two': text, none: '' });
  });

  it('reads ranges of entries, stored or compressed', async () => {
    const zip = await open(zipFile(files));
    const part = async (name: string, start: number, length: number) => {
      const entry = zip.entries.get(name);
      return entry === undefined ? null : new TextDecoder().decode(await zip.read(entry, start, length));
    };
    expect(await part('one', 1, 3)).toBe('irs');
    expect(await part('one', 0, 1)).toBe('f');
    expect(await part('folder/two', 32, 14)).toBe('the same words');
    const one = zip.entries.get('one');
    if (one !== undefined) expect((await failure(zip.read(one, 3, 3))).code).toBe('zip-damaged');
  });
});

describe('a damaged ZIP archive', () => {
  const good = zipFile(files);
  const directory = directoryAt(good);
  const end = good.length - 22;
  const stored = zipFile([{ name: 'one', data: utf8('first') }]);
  const storedDirectory = directoryAt(stored);
  const wide = zipFile(files, { zip64: true });
  const wideRecord = wide.length - 22 - 20 - 56;
  const compressed = zipFile([{ name: 'two', data: utf8(text), compress: true }]);
  const compressedDirectory = directoryAt(compressed);

  it.each<[string, Uint8Array, string]>([
    ['has a truncated end record', good.subarray(0, -1), 'truncated'],
    ['is shorter than an end record', good.subarray(0, 10), 'truncated'],
    ['has trailing bytes beyond its comment', concat(good, utf8('x')), 'truncated'],
    ['counts one entry too many', patched(good, end + 10, uint(2, 4)), 'zip-damaged'],
    ['has its directory past the end', patched(good, end + 16, uint(4, 2 ** 31)), 'zip-damaged'],
    ['has a wrong directory offset', patched(good, end + 16, uint(4, directory - 1)), 'zip-damaged'],
    [
      'has bytes between its directory and its end',
      concat(good.subarray(0, end), utf8('x'), good.subarray(end)),
      'zip-damaged',
    ],
    ['has a directory that ends early', patched(good, end + 12, uint(4, 50)), 'zip-damaged'],
    ['is one of several volumes', patched(good, end + 4, uint(2, 1)), 'zip-unsupported'],
    ['has bytes before it', concat(utf8('x'), good), 'zip-damaged'],
    ['has an entry past the directory', patched(good, directory + 42, uint(4, directory - 5)), 'zip-damaged'],
    ['has a stored entry of two lengths', patched(good, directory + 24, uint(4, 4)), 'zip-damaged'],
    [
      'has an entry that reaches into the next',
      patched(good, directory + 20, concat(uint(4, 50), uint(4, 50))),
      'zip-damaged',
    ],
    ['has its 64-bit record elsewhere', patched(wide, wide.length - 22 - 12, uint(8, 3)), 'zip-damaged'],
    [
      'has its 64-bit record past the end',
      patched(wide, wide.length - 22 - 12, uint(8, 2 ** 40)),
      'zip-damaged',
    ],
    [
      'has sizes beyond the safe integers',
      patched(wide, wideRecord + 48, new Uint8Array(8).fill(0xff)),
      'zip-damaged',
    ],
    [
      'lacks the 64-bit length it refers to',
      patched(good, directory + 20, new Uint8Array(8).fill(0xff)),
      'zip-damaged',
    ],
    ['names an entry twice', zipFile([...files, ...files]), 'zip-damaged'],
  ])('that %s is rejected on opening', async (_, bytes, code) => {
    expect(await failure(open(bytes))).toMatchObject({ name: 'CheckpointError', code });
  });

  it.each<[string, Uint8Array]>([
    ['is encrypted', patched(good, directory + 8, uint(2, 1))],
    ['is compressed by another method', patched(good, directory + 10, uint(2, 14))],
    ['has no local header', patched(stored, 0, uint(2, 0))],
    ['has another name in the local header', patched(stored, 30, utf8('ONE'))],
    ['has another method in the local header', patched(stored, 8, uint(2, 8))],
    ['has another length in the local header', patched(stored, 18, uint(4, 4))],
    ['has data reaching past the next record', patched(stored, 28, uint(2, 1000))],
    [
      'decompresses to less than its size',
      patched(compressed, compressedDirectory + 24, uint(4, text.length + 1)),
    ],
    [
      'decompresses to more than its size',
      patched(compressed, compressedDirectory + 24, uint(4, text.length - 1)),
    ],
    ['has a size of 1 GiB in the directory', patched(compressed, compressedDirectory + 24, uint(4, 2 ** 30))],
    ['cannot be decompressed', patched(compressed, 33, new Uint8Array(20).fill(0xff))],
  ])('that %s is rejected on reading', async (_, bytes) => {
    const error = await failure(readAll(bytes));
    expect(error.name).toBe('CheckpointError');
    expect(error.code).toMatch(/^zip-(damaged|unsupported)$/);
    expect(error.details).toMatchObject({ file: 'a.zip' });
  });

  it('uses the lengths in the central directory when the local header has none', async () => {
    // Streaming writers set flag 3 and leave zeros in the local header.
    const streamed = patched(patched(stored, 6, uint(2, 8)), 18, uint(4, 0));
    streamed.set(uint(2, 8), storedDirectory + 8);
    expect(await readAll(streamed)).toEqual({ one: 'first' });
  });
});
