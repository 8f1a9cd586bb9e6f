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

describe('the in-memory private file system', () => {
  it('makes a File unreadable once its file is written to or removed', async () => {
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

  it('allows one writer at a time, and no removal meanwhile', async () => {
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

  it('throws at its quota, and loses unflushed writes in a crash', async () => {
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

  it('fails the armed call and no other', async () => {
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

describe('a database with injected faults', () => {
  it('aborts the transaction of a failed request, and closes a broken connection', async () => {
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
