import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ScratchFiles } from '../../../workers/scratch.ts';
import { WorkerLocks } from '../../../workers/locks.ts';
import { PrivateFileSystem } from '../../support/storage/private-file-system.ts';
import { MemoryLocks } from '../../support/storage/web-locks.ts';

/** Storage of a browser, and its workers. */
function browser() {
  const disk = new PrivateFileSystem();
  const locks = new MemoryLocks();
  const worker = () => {
    const client = locks.client();
    return {
      files: new ScratchFiles(() => disk.getDirectory(), new WorkerLocks(client)),
      end: () => {
        locks.forget(client);
      },
    };
  };
  return { disk, worker };
}

const bytes = (...values: number[]) => new Uint8Array(values);
const contents = async (blob: Blob) => [...new Uint8Array(await blob.arrayBuffer())];

describe('a scratch file', () => {
  it('holds the last bytes written at each position, even when the disk becomes full', async () => {
    const part = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat());
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 12 }),
        fc.option(fc.nat(120), { nil: Number.POSITIVE_INFINITY }),
        async (parts, quota) => {
          const { disk, worker } = browser();
          disk.quota = quota;
          const file = await worker().files.create();
          const expected: number[] = [];
          for (const [written, at] of parts) {
            const position = at % 3 === 0 ? at % (expected.length + 1) : expected.length;
            file.write(new Uint8Array(written), position);
            for (const [i, byte] of written.entries()) expected[position + i] = byte;
          }
          expect(file.size).toBe(expected.length);
          const blob = await file.finish('video/mp4');
          expect(blob.type).toBe('video/mp4');
          expect(await contents(blob)).toEqual(expected);
          expect(disk.writers).toBe(0);
          // The data that did not fit is in memory only.
          expect(disk.used).toBe(expected.length <= quota ? expected.length : 0);
        },
      ),
    );
  });

  it('rejects gaps', async () => {
    const file = await browser().worker().files.create();
    expect(() => {
      file.write(bytes(1), 1);
    }).toThrow(RangeError);
    await file.discard();
  });

  it('leaves no file when it is discarded', async () => {
    const { disk, worker } = browser();
    const file = await worker().files.create();
    file.write(bytes(1, 2, 3));
    await file.discard();
    expect(disk.paths()).toEqual([]);
    expect(disk.writers).toBe(0);
  });

  it('is deleted as soon as another worker that read it has ended', async () => {
    const { disk, worker } = browser();
    const file = await worker().files.create();
    file.write(bytes(4));
    await file.finish('');
    const reader = await file.stored?.createSyncAccessHandle();
    const discarded = file.discard();
    expect(disk.paths()).toHaveLength(1);
    reader?.close();
    await discarded;
    expect(disk.paths()).toEqual([]);
  });

  it('stays readable while a few more are written, and is then deleted', async () => {
    const { disk, worker } = browser();
    const { files } = worker();
    const written: Blob[] = [];
    for (let i = 0; i < 5; i++) {
      const file = await files.create();
      file.write(bytes(i));
      written.push(await file.finish(''));
    }
    expect(disk.paths()).toHaveLength(3);
    for (const [i, blob] of written.slice(2).entries()) expect(await contents(blob)).toEqual([i + 2]);
  });

  it('is deleted once its worker has ended, and not before', async () => {
    const { disk, worker } = browser();
    const [first, second, third] = [worker(), worker(), worker()];
    const file = await first.files.create();
    file.write(bytes(7));
    const blob = await file.finish('');
    await second.files.tidy();
    expect(await contents(blob)).toEqual([7]);
    first.end();
    await third.files.tidy();
    expect(disk.paths()).toEqual([]);
  });

  it('that was discarded does not evict one that is still in use', async () => {
    const { worker } = browser();
    const { files } = worker();
    const wanted = await files.create();
    wanted.write(bytes(9));
    const blob = await wanted.finish('');
    for (let i = 0; i < 5; i++) {
      const tried = await files.create();
      tried.write(bytes(i));
      await tried.finish('');
      await tried.discard();
    }
    expect(await contents(blob)).toEqual([9]);
  });

  it('is a Blob where there is no file system', async () => {
    const files = new ScratchFiles(
      () => Promise.reject(new DOMException('Not here.', 'SecurityError')),
      new WorkerLocks(new MemoryLocks().client()),
    );
    await files.tidy();
    const file = await files.create();
    file.write(bytes(1, 2));
    expect(await contents(await file.finish(''))).toEqual([1, 2]);
  });
});
