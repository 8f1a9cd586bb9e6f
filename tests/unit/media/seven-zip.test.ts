import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startSevenZip } from '../../../src/media/seven-zip-program.ts';
import { openImportedArchive } from '../../../src/media/unpack.ts';
import type { UnpackSingle } from '../../../src/media/unpack.ts';
import { utf8 } from '../../support/bytes.ts';
import { failure } from '../../support/failure.ts';
import { zipFile } from '../../support/zip-file.ts';

const { signal } = new AbortController();
const fixtures = new URL('../../fixtures/archives/', import.meta.url);
const fixture = (name: string) => new Uint8Array(readFileSync(new URL(name, fixtures)));
const program = new URL('../../../node_modules/7z-wasm/', import.meta.url);
const wasmBinary = readFileSync(new URL('7zz.wasm', program));

/** 7-Zip in this process: Node has no workers of the browser's kind. */
const unpackHere: UnpackSingle = async (archive, size) => {
  const script: unknown = await import(fileURLToPath(new URL('7zz.umd.js', program)));
  const create = typeof script === 'object' && script !== null && 'default' in script ? script.default : null;
  return (await startSevenZip(create, { wasmBinary }))(archive, size);
};

const methods = ['deflate64', 'bzip2', 'lzma', 'ppmd', 'xz', 'zstd'] as const;

describe('an entry that is neither stored nor deflated', () => {
  it.each(methods)('is unpacked: %s', async (method) => {
    const archive = await openImportedArchive(new Blob([fixture(`${method}.zip`)]), signal, unpackHere);
    expect(archive.names).toEqual(['0.bmp', '1.bmp']);
    for (const name of archive.names) {
      const bytes = new Uint8Array(await (await archive.read(name, signal)).arrayBuffer());
      expect(bytes).toEqual(fixture(name));
    }
  });

  it.each(methods)('that is damaged is named, and the others are unpacked: %s', async (method) => {
    const bytes = fixture(`${method}.zip`);
    // In the middle of the first entry's data.
    bytes.fill(0x55, 110, 130);
    const archive = await openImportedArchive(new Blob([bytes]), signal, unpackHere);
    const error = await failure(archive.read('0.bmp', signal));
    expect(error).toMatchObject({ name: 'InputError', code: 'zip-damaged' });
    expect(error.message).toContain('“0.bmp”');
    expect((await archive.read('1.bmp', signal)).size).toBe(3126);
  });

  it('that is longer than the archive says is damaged', async () => {
    const bytes = fixture('lzma.zip');
    const view = new DataView(bytes.buffer);
    const directory = view.getUint32(bytes.length - 6, true);
    view.setUint32(directory + 24, 1000, true);
    const archive = await openImportedArchive(new Blob([bytes]), signal, unpackHere);
    expect(await failure(archive.read('0.bmp', signal))).toMatchObject({ code: 'zip-damaged' });
  });

  it('is named when the program cannot be loaded', async () => {
    const archive = await openImportedArchive(new Blob([fixture('ppmd.zip')]), signal, () =>
      Promise.resolve({ unavailable: 'offline' }),
    );
    const error = await failure(archive.read('0.bmp', signal));
    expect(error).toMatchObject({ name: 'InputError', code: 'unpacker-unavailable' });
    expect(error.message).toContain('“0.bmp”');
  });
});

it('7-Zip is not asked for ordinary, encrypted or unknown entries', async () => {
  const names = ['1.png', '2.png', '3.png', '4.png'];
  const bytes = zipFile(names.map((name, i) => ({ name, data: utf8(name), compress: i === 1 })));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const directory = view.getUint32(bytes.length - 6, true);
  const entry = (index: number) => directory + index * (46 + '1.png'.length);
  view.setUint16(entry(2) + 8, 1, true);
  view.setUint16(entry(2) + 10, 14, true);
  view.setUint16(entry(3) + 10, 97, true);
  const archive = await openImportedArchive(new Blob([bytes]), signal, () => {
    throw new Error('was asked');
  });
  const read = async (name: string) => (await archive.read(name, signal)).text();
  expect(await read('1.png')).toBe('1.png');
  expect(await read('2.png')).toBe('2.png');
  for (const [name, reason] of [
    ['3.png', 'is encrypted'],
    ['4.png', 'is compressed in an unusual way'],
  ] as const) {
    const error = await failure(archive.read(name, signal));
    expect(error.code).toBe('zip-unsupported');
    expect(error.message).toContain(`“${name}” ${reason}`);
  }
});
