import { openDB } from 'idb';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../support/bytes.ts';
import { injectIntoDatabase } from '../../support/storage/database-faults.ts';
import { FaultInjector } from '../../support/storage/faults.ts';
import { PrivateFileSystem } from '../../support/storage/private-file-system.ts';

async function withFile() {
  const disk = new PrivateFileSystem();
  const root = await disk.getDirectory();
  const handle = await root.getFileHandle('a', { create: true });
  const writer = await handle.createSyncAccessHandle();
  writer.write(utf8('first'), { at: 0 });
  writer.flush();
  writer.close();
  return { disk, root, handle };
}

describe('the private file system in memory', () => {
  it('gives a file as it was until it is written to or removed, and then not at all', async () => {
    const { root, handle } = await withFile();
    const file = await handle.getFile();
    const part = file.slice(1, 3);
    expect([await file.text(), await part.text()]).toEqual(['first', 'ir']);

    const writer = await handle.createSyncAccessHandle();
    writer.write(utf8('F'), { at: 0 });
    writer.close();
    for (const blob of [file, part]) {
      await expect(blob.arrayBuffer()).rejects.toMatchObject({ name: 'NotReadableError' });
      await expect(new Response(blob.stream()).text()).rejects.toMatchObject({ name: 'NotReadableError' });
    }

    const again = await handle.getFile();
    expect(await again.text()).toBe('First');
    await root.removeEntry('a');
    await expect(again.arrayBuffer()).rejects.toMatchObject({ name: 'NotFoundError' });
    await expect(handle.getFile()).rejects.toMatchObject({ name: 'NotFoundError' });
  });

  it('lets one writer at a time have a file, and nobody remove it meanwhile', async () => {
    const { disk, root, handle } = await withFile();
    const writer = await handle.createSyncAccessHandle();
    const locked = { name: 'NoModificationAllowedError' };
    await expect(handle.createSyncAccessHandle()).rejects.toMatchObject(locked);
    await expect(root.removeEntry('a')).rejects.toMatchObject(locked);
    expect(disk.writers).toBe(1);
    writer.close();
    expect(() => {
      writer.flush();
    }).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
    await root.removeEntry('a');
    expect(disk.paths()).toEqual([]);
  });

  it('is full at its quota, and loses by a crash what was not flushed', async () => {
    const { disk, handle } = await withFile();
    disk.quota = 8;
    const writer = await handle.createSyncAccessHandle();
    expect(() => writer.write(utf8('and more'), { at: 5 })).toThrow(
      expect.objectContaining({ name: 'QuotaExceededError' }),
    );
    writer.write(utf8('+'), { at: 5 });
    disk.crash();
    expect(await (await handle.getFile()).text()).toBe('first');
    (await handle.createSyncAccessHandle()).close();
  });

  it('fails the call that it is told to fail, and no other', async () => {
    const { disk, handle } = await withFile();
    disk.faults.arm('full', 2);
    const writer = await handle.createSyncAccessHandle();
    writer.write(utf8('1'), { at: 0 });
    expect(() => writer.write(utf8('2'), { at: 0 })).toThrow(
      expect.objectContaining({ name: 'QuotaExceededError' }),
    );
    writer.write(utf8('3'), { at: 0 });
    expect(disk.faults.failed).toBe('write a');
  });
});

describe('a database with faults', () => {
  it('takes a transaction back whose request failed, and ends a broken connection', async () => {
    const injector = new FaultInjector();
    injectIntoDatabase('faulty', injector);
    const db = await openDB('faulty', 1, { upgrade: (opened) => opened.createObjectStore('things') });
    const write = async () => {
      const transaction = db.transaction('things', 'readwrite');
      const store = transaction.objectStore('things');
      await Promise.all([store.put(1, 'one'), store.put(2, 'two'), transaction.done]);
    };
    injector.arm('full', 2);
    await expect(write()).rejects.toMatchObject({ name: 'AbortError' });
    expect(injector.failed).toBe('request put things');
    injector.disarm();
    expect(await db.getAllKeys('things')).toEqual([]);
    await write();

    injector.arm('broken', 1);
    expect(() => db.transaction('things')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
    injector.disarm();
    expect(() => db.transaction('things')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
  });
});
