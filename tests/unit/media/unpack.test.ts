import { openAsBlob } from 'node:fs';
import { mkdtemp, open as openFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openImportedArchive } from '../../../src/media/unpack.ts';
import { concat, utf8 } from '../../support/bytes.ts';
import { failure } from '../../support/failure.ts';
import { zipFile, zipSegments } from '../../support/zip-file.ts';

const { signal } = new AbortController();
const open = (bytes: Uint8Array) => openImportedArchive(new Blob([new Uint8Array(bytes)]), signal);

describe('an imported archive', () => {
  it('lists and reads its files, stored or compressed', async () => {
    const archive = await open(
      zipFile([
        { name: 'a/', data: utf8('') },
        { name: 'a/2.PNG', data: utf8('two') },
        { name: 'a/1.jpeg', data: utf8('one, one, one, one'), compress: true },
      ]),
    );
    expect(archive.names).toEqual(['a/2.PNG', 'a/1.jpeg']);
    const texts = archive.names.map(async (name) => (await archive.read(name, signal)).text());
    expect(await Promise.all(texts)).toEqual(['two', 'one, one, one, one']);
    expect(await failure(archive.read('a/3.png', signal))).toMatchObject({ code: 'zip-damaged' });
  });

  it('keeps names apart that are in the encoding of another system', async () => {
    const bytes = zipFile([
      { name: 'A1.png', data: utf8('first') },
      { name: 'B1.png', data: utf8('second') },
    ]);
    // As Windows names “ä1.png” and “ö1.png” in archives, which is no UTF-8.
    for (let at = 0; at < bytes.length - 1; at++) {
      if (bytes[at + 1] !== 0x31) continue;
      if (bytes[at] === 0x41) bytes[at] = 0x84;
      if (bytes[at] === 0x42) bytes[at] = 0x94;
    }
    const archive = await open(bytes);
    expect(new Set(archive.names).size).toBe(2);
    const texts = archive.names.map(async (name) => (await archive.read(name, signal)).text());
    expect(await Promise.all(texts)).toEqual(['first', 'second']);
  });

  it('is found behind a program that unpacks it, and before other bytes', async () => {
    const picture = { name: '1.png', data: utf8('a picture') };
    for (const zip64 of [false, true]) {
      const whole = zipFile([picture, { ...picture, name: '2.png', compress: true }], { zip64 });
      const all = [
        concat(utf8('#!/bin/sh unzip "$0"'), whole),
        concat(whole, utf8('signature')),
        concat(utf8('program'), whole, utf8('signature')),
      ];
      for (const bytes of all) {
        const archive = await open(bytes);
        expect(archive.names).toEqual(['1.png', '2.png']);
        for (const name of archive.names) {
          expect(await (await archive.read(name, signal)).text()).toBe('a picture');
        }
      }
    }
  });

  it('rejects an encrypted file or an unknown compression by name, and still reads the others', async () => {
    const names = ['1.png', '2.png', '3.png'];
    const whole = zipFile(names.map((name) => ({ name, data: utf8(name) })));
    const view = new DataView(whole.buffer, whole.byteOffset);
    const directory = view.getUint32(whole.length - 6, true);
    const entryLength = 46 + '1.png'.length;
    view.setUint16(directory + 8, 1, true);
    // WavPack, which is for sound.
    view.setUint16(directory + entryLength + 10, 97, true);
    const archive = await open(whole);
    for (const [name, reason] of [
      ['1.png', '“1.png” is encrypted'],
      ['2.png', '“2.png” is compressed in an unusual way'],
    ] as const) {
      const error = await failure(archive.read(name, signal));
      expect(error).toMatchObject({ name: 'InputError', code: 'zip-unsupported' });
      expect(error.message).toContain(reason);
    }
    expect(await (await archive.read('3.png', signal)).text()).toBe('3.png');
  });

  it('that is truncated is rejected', async () => {
    const whole = zipFile([{ name: '1.png', data: utf8('a picture') }]);
    expect(await failure(open(whole.subarray(0, -1)))).toMatchObject({
      name: 'InputError',
      code: 'truncated',
    });
  });

  it('with a list of files that is too long for memory is rejected before it is read', async () => {
    const names = Array.from({ length: 520 }, (_, index) => `${index}`.padEnd(65_000, 'x'));
    const archive = zipFile(names.map((name) => ({ name, data: utf8('') })));
    const error = await failure(open(archive));
    expect(error).toMatchObject({ name: 'InputError', code: 'zip-damaged' });
    expect(error.message).toContain('directory');
  });

  it('rejects a stored file that is too long for a picture, and names it', async () => {
    const { size, segments } = zipSegments([{ name: 'long.png', data: 300e6 }]);
    const folder = await mkdtemp(join(tmpdir(), 'drift-unpack-'));
    try {
      const path = join(folder, 'long.zip');
      const file = await openFile(path, 'w');
      for (const { at, bytes } of segments) await file.write(bytes, 0, bytes.length, at);
      await file.truncate(size);
      await file.close();
      const archive = await openImportedArchive(await openAsBlob(path), signal);
      const error = await failure(archive.read('long.png', signal));
      expect(error).toMatchObject({ code: 'zip-unsupported' });
      expect(error.message).toContain('“long.png” in the archive is too large');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('rejects a damaged file or a ZIP bomb in it, and still reads the others', async () => {
    const whole = zipFile([
      { name: '1.png', data: utf8('a picture') },
      { name: '2.png', data: utf8('another') },
      { name: '3.png', data: new Uint8Array(300e6), compress: true },
    ]);
    whole[37] = (whole[37] ?? 0) ^ 1;
    const archive = await open(whole);
    expect(await failure(archive.read('1.png', signal))).toMatchObject({ code: 'zip-damaged' });
    expect(await (await archive.read('2.png', signal)).text()).toBe('another');
    expect(await failure(archive.read('3.png', signal))).toMatchObject({ code: 'zip-unsupported' });
  });
});
