import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import * as v from 'valibot';
import { afterAll, describe, expect, it } from 'vitest';
import { openZip, zipStream } from '../../../src/formats/index.ts';
import type { ByteSource, Zip, ZipFile } from '../../../src/formats/index.ts';
import { utf8 } from '../../support/bytes.ts';
import { zipOf } from '../../support/output.ts';

const folder = mkdtempSync(join(tmpdir(), 'drift-zip-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Writes a stream to a file; chunks equal to `hole` become holes of a sparse file. */
async function save(
  stream: ReadableStream<Uint8Array>,
  name: string,
  isHole: (chunk: Uint8Array) => boolean = () => false,
) {
  const path = join(folder, name);
  const file = openSync(path, 'w');
  let at = 0;
  for await (const chunk of stream) {
    if (!isHole(chunk)) writeSync(file, chunk, 0, chunk.length, at);
    at += chunk.length;
  }
  ftruncateSync(file, at);
  closeSync(file);
  return { path, size: at };
}

function sourceAt(path: string, size: number): ByteSource {
  return {
    name: path,
    size,
    read: (offset, length) => {
      const file = openSync(path, 'r');
      const bytes = new Uint8Array(length);
      const got = readSync(file, bytes, 0, length, offset);
      closeSync(file);
      if (got !== length) throw new Error('read past the end');
      return Promise.resolve(bytes);
    },
  };
}

const options = {
  fail: (_: string, message: string) => new Error(message),
  longestDirectory: 2 ** 26,
  largestInflated: 2 ** 26,
};

async function readBack({ path, size }: { path: string; size: number }): Promise<Zip> {
  return openZip(sourceAt(path, size), options);
}

const pythonSchema = v.object({ count: v.number(), bad: v.nullable(v.string()), last: v.string() });

/** What Python's zipfile reads: number of files, whether all checksums match, and the contents of the last file. */
function readInPython(path: string, check = true): v.InferOutput<typeof pythonSchema> {
  const program = `
import json, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
names = archive.namelist()
bad = archive.testzip() if sys.argv[2] == 'true' else None
print(json.dumps({'count': len(names), 'bad': bad, 'last': archive.read(names[-1]).decode()}))`;
  const output = execFileSync('python3', ['-c', program, path, String(check)], { encoding: 'utf8' });
  return v.parse(pythonSchema, JSON.parse(output));
}

function* numbered(count: number): Generator<ZipFile> {
  for (let i = 0; i < count; i++) yield { name: `frames/${i}.txt`, data: utf8(`number ${i}`) };
}

describe('a ZIP archive', () => {
  it('round-trips bytes and blobs, stored and compressed, with names in any language', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          fc.record({
            name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
            bytes: fc.uint8Array({ maxLength: 200 }),
            compress: fc.boolean(),
            blob: fc.boolean(),
          }),
          { selector: ({ name }) => name, maxLength: 8 },
        ),
        async (files) => {
          const archive = await zipOf(
            files.map(({ name, bytes, compress, blob }) => ({
              name,
              compress,
              data: blob ? new Blob([new Uint8Array(bytes)]) : bytes,
            })),
          );
          const bytes = new Uint8Array(await archive.arrayBuffer());
          const read = (offset: number, length: number) =>
            Promise.resolve(bytes.slice(offset, offset + length));
          const zip = await openZip({ name: 'a.zip', size: bytes.length, read }, options);
          expect([...zip.entries.keys()]).toEqual(files.map(({ name }) => name));
          for (const { name, bytes: expected } of files) {
            const entry = zip.entries.get(name);
            if (entry) expect(await zip.read(entry, 0, entry.size)).toEqual(new Uint8Array(expected));
          }
        },
      ),
    );
  });

  it.each([65_535, 70_000])('of %i files is read completely, in Drift and in Python', async (count) => {
    const file = await save(zipStream(numbered(count)), `${count}.zip`);
    const zip = await readBack(file);
    expect(zip.entries.size).toBe(count);
    const last = zip.entries.get(`frames/${count - 1}.txt`);
    if (!last) throw new Error('the last file is missing');
    expect(new TextDecoder().decode(await zip.read(last, 0, last.size))).toBe(`number ${count - 1}`);
    expect(readInPython(file.path)).toEqual({ count, bad: null, last: `number ${count - 1}` });
  });

  it('of more than 4 GiB is read to its end, in Drift and in Python', async () => {
    // The same zeros repeatedly: they are checksummed and counted, but stored neither in memory nor on disk.
    const zeros = new Uint8Array(2 ** 26);
    const parts = 65;
    function* files(): Generator<ZipFile> {
      for (let i = 0; i < parts; i++) yield { name: `${i}.bin`, data: zeros };
      yield { name: 'last.txt', data: utf8('beyond') };
    }
    const file = await save(zipStream(files()), 'large.zip', (chunk) => chunk === zeros);
    expect(file.size).toBeGreaterThan(2 ** 32);
    const zip = await readBack(file);
    const last = zip.entries.get('last.txt');
    if (!last) throw new Error('the last file is missing');
    expect(last.headerOffset).toBeGreaterThan(2 ** 32);
    expect(new TextDecoder().decode(await zip.read(last, 0, last.size))).toBe('beyond');
    const reached = zip.entries.get('64.bin');
    if (reached) expect(await zip.read(reached, zeros.length - 4, 4)).toEqual(new Uint8Array(4));
    expect(readInPython(file.path, false)).toEqual({ count: parts + 1, bad: null, last: 'beyond' });
  });
});

describe('writing a ZIP archive', () => {
  /** Endless files, which record how many were read and whether the iteration was ended. */
  function endless() {
    const taken = { count: 0, ended: false };
    function* files(): Generator<ZipFile> {
      try {
        for (;;) yield { name: `${taken.count++}`, data: new Uint8Array(1000) };
      } finally {
        taken.ended = true;
      }
    }
    return { taken, files };
  }

  it('pulls files only as fast as the stream is read', async () => {
    const { taken, files } = endless();
    const reader = zipStream(files()).getReader();
    let length = 0;
    for (let i = 0; i < 5; i++) length += (await reader.read()).value?.length ?? 0;
    // Files were read up to the one being written.
    expect(taken.count).toBeLessThanOrEqual(Math.ceil(length / 1000) + 1);
    await reader.cancel();
    expect(taken.ended).toBe(true);
  });

  it('aborts with the reason of its signal and closes the iterator of files', async () => {
    const { taken, files } = endless();
    const stop = new AbortController();
    function* stopping(): Generator<ZipFile> {
      for (const file of files()) {
        if (taken.count === 3) stop.abort();
        yield file;
      }
    }
    await expect(zipOf(stopping(), stop.signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect(taken).toEqual({ count: 3, ended: true });
  });

  it('rejects with the error of the files', async () => {
    async function* broken(): AsyncGenerator<ZipFile> {
      yield { name: 'a', data: utf8('a') };
      await Promise.resolve();
      throw new Error('the disk is gone');
    }
    const reading = async () => {
      for await (const chunk of zipStream(broken())) expect(chunk.length).toBeGreaterThan(0);
    };
    await expect(reading()).rejects.toThrow('the disk is gone');
  });

  it.each([
    ['without a name', { name: '', data: utf8('x') }],
    ['with a name of 64 kB', { name: 'n'.repeat(65536), data: utf8('x') }],
    ['of 4 GiB', { name: 'x', data: Object.defineProperty(new Blob(), 'size', { value: 2 ** 32 - 1 }) }],
  ])('rejects a file %s', async (_, file) => {
    await expect(zipOf([file])).rejects.toBeInstanceOf(RangeError);
  });
});
