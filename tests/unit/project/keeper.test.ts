import { deleteDB, openDB } from 'idb';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Picture } from '../../../src/base/index.ts';
import { encodePng } from '../../../src/formats/index.ts';
import { append, emptyTree, path, readerOf, startId, treeOf } from '../../../src/project/index.ts';
import type { FrameNode, OpenedProject, ProjectKeeper } from '../../../src/project/index.ts';
import { utf8 } from '../../support/bytes.ts';
import { failure } from '../../support/failure.ts';
import { Device } from '../../support/project-storage.ts';
import { documentOf, framesOf, newFrame, noisy, treeFrom } from '../../support/project.ts';

const { signal } = new AbortController();
const silent = () => undefined;
const control = { signal, onProgress: silent };
const id = '00000000-0000-4000-8000-000000000001';
const other = '00000000-0000-4000-8000-000000000002';
const pictureOf = (frame: number): Picture => noisy(64, 64, frame);
const pngOf = (frame: number) => new Blob([encodePng(pictureOf(frame))]);
const original = new Blob(['a photograph']);

/** A project with frames that have the given parents, stored frame by frame. */
async function make(keeper: ProjectKeeper, parents: readonly number[], project = id): Promise<void> {
  await keeper.create(project, documentOf(emptyTree), pictureOf(startId), original);
  for (const node of framesOf(treeFrom(parents))) await addFrame(keeper, node, project);
}

function addFrame(keeper: ProjectKeeper, node: FrameNode, project = id) {
  const held = { id: node.id, png: pngOf(node.id) };
  return keeper.changeTree(project, { put: [node], remove: [], leaf: node.id }, [held]);
}

async function open(
  device: Device,
  keeper: ProjectKeeper,
  project = id,
): Promise<OpenedProject & { readonly pictures: Map<number, Picture> }> {
  const opened = await keeper.open(project, signal);
  const held = [{ id: startId, png: new Blob([encodePng(opened.start)]) }];
  const reader = readerOf(device.files, { project, held });
  const pictures = new Map<number, Picture>();
  for (const ref of [{ id: startId, width: 64, height: 64 }, ...path(treeOf(opened.document))]) {
    pictures.set(ref.id, await reader.picture(ref));
  }
  return { ...opened, pictures };
}

const pictures = (...ids: number[]) => new Map(ids.map((frame) => [frame, pictureOf(frame)]));

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('a stored project', () => {
  it('is reopened with its start picture, settings, tree and every frame, bit for bit', async () => {
    const device = new Device();
    const before = device.tab();
    await make(before, [0, 1, 1]);
    await before.update(id, { ...documentOf(emptyTree).settings, seed: 77 });
    await before.close();

    const opened = await open(device, device.tab());
    expect(treeOf(opened.document)).toEqual(treeFrom([0, 1, 1]));
    expect(opened.document).toMatchObject({ name: 'A project', leaf: 3, settings: { seed: 77 } });
    // The animation is the path to frame 3; frame 2 is on another branch.
    expect(opened.pictures).toEqual(pictures(startId, 1, 3));
    expect(await opened.original.text()).toBe('a photograph');
    expect([opened.readOnly, opened.lost]).toEqual([false, 0]);
  });

  it('can replace the cropped start picture and keeps the original file; the previous crop is deleted an hour later', async () => {
    const device = new Device();
    const keeper = device.tab();
    await make(keeper, []);
    const { start } = documentOf(emptyTree);
    const before = await open(device, keeper);
    await keeper.replaceStart(id, { ...start, fit: 'stretch' }, pictureOf(50));
    const opened = await open(device, keeper);
    expect(opened.pictures.get(startId)).toEqual(pictureOf(50));
    expect(opened.document.start.fit).toBe('stretch');
    expect([await before.original.text(), await opened.original.text()]).toEqual(
      Array(2).fill('a photograph'),
    );
    await keeper.close();
    device.now = new Date(device.now.getTime() + 2 * 60 * 60 * 1000);
    await open(device, device.tab());
    expect(device.files.names()).toEqual([`${id}/original-1`, `${id}/start-2.png`]);
  });

  it('without the original file of its start picture makes later crops from the first one', async () => {
    const device = new Device();
    const keeper = device.tab();
    await keeper.create(id, documentOf(emptyTree), pictureOf(startId), null);
    const first = await (await open(device, keeper)).original.arrayBuffer();
    const { start } = documentOf(emptyTree);
    await keeper.replaceStart(id, start, pictureOf(50));
    await keeper.replaceStart(id, start, pictureOf(51));
    await keeper.close();
    device.now = new Date(device.now.getTime() + 2 * 60 * 60 * 1000);
    const opened = await open(device, device.tab());
    expect(await opened.original.arrayBuffer()).toEqual(first);
    expect(opened.pictures.get(startId)).toEqual(pictureOf(51));
  });

  it('removes a branch and restores it with its pictures', async () => {
    const device = new Device();
    const keeper = device.tab();
    await make(keeper, [0, 1, 2]);
    const [, second, third] = framesOf(treeFrom([0, 1, 2]));
    if (!second || !third) throw new Error('three frames were made');
    await keeper.changeTree(id, { put: [], remove: [2, 3], leaf: 1 }, []);
    await keeper.changeTree(id, { put: [second, third], remove: [], leaf: 3 }, []);
    expect((await open(device, keeper)).pictures).toEqual(pictures(startId, 1, 2, 3));

    await keeper.changeTree(id, { put: [], remove: [2, 3], leaf: 1 }, []);
    await keeper.close();
    expect((await open(device, device.tab())).pictures).toEqual(pictures(startId, 1));
  });

  it('deletes the pictures of removed frames an hour later, but never in the session that may undo the removal', async () => {
    const device = new Device();
    const keeper = device.tab();
    const frames = () => device.files.names().filter((name) => name.includes('/0'));
    await make(keeper, [0, 1, 2]);
    await keeper.changeTree(id, { put: [], remove: [2, 3], leaf: 1 }, []);
    await make(keeper, [], other);
    device.now = new Date(device.now.getTime() + 2 * 60 * 60 * 1000);
    await open(device, keeper);
    expect(frames()).toHaveLength(3);

    // A file name is never reused while undo may restore the old file.
    await keeper.close();
    device.now = new Date('2025-01-31T12:00:30Z');
    const next = device.tab();
    expect((await open(device, next)).nextId).toBe(4);
    expect(frames()).toHaveLength(3);
    await next.close();
    device.now = new Date(device.now.getTime() + 2 * 60 * 60 * 1000);
    const last = await open(device, device.tab());
    expect([frames(), last.nextId]).toEqual([[`${id}/0000001.png`], 4]);
  });

  it('is listed with its name, frame count and last picture', async () => {
    const device = new Device();
    const keeper = device.tab();
    expect(await keeper.list()).toEqual([]);
    await make(keeper, [0, 1]);
    await make(keeper, [], other);
    await keeper.rename(id, 'Coral reef');
    const list = await keeper.list();
    expect(list.map(({ name, frames }) => [name, frames])).toEqual([
      ['A project', 0],
      ['Coral reef', 2],
    ]);
    expect(await list[1]?.picture?.arrayBuffer()).toEqual(device.files.bytes(id, '0000002.png')?.buffer);
  });

  it('is duplicated completely, and the copy is independent', async () => {
    const device = new Device();
    const keeper = device.tab();
    await make(keeper, [0, 1, 1]);
    await keeper.duplicate(id, other, 'A copy', signal);
    await keeper.remove(id);
    await keeper.purge(id);
    const copy = await open(device, keeper, other);
    expect(copy.document.name).toBe('A copy');
    expect(treeOf(copy.document)).toEqual(treeFrom([0, 1, 1]));
    expect(copy.pictures).toEqual(pictures(startId, 1, 3));
    expect((await keeper.list()).map((project) => project.id)).toEqual([other]);
  });

  it('can be restored after deletion until it is purged', async () => {
    const device = new Device();
    const keeper = device.tab();
    await make(keeper, [0]);
    await keeper.remove(id);
    expect(await keeper.list()).toEqual([]);
    await keeper.restore(id);
    expect((await open(device, keeper)).pictures).toEqual(pictures(startId, 1));

    await keeper.remove(id);
    await keeper.purge(id);
    expect(device.files.names()).toEqual([]);
    expect(await failure(keeper.restore(id))).toMatchObject({ code: 'project-gone' });
    expect(await failure(open(device, keeper))).toMatchObject({ code: 'project-gone' });
  });

  it('is purged an hour after its deletion, once no tab can undo that', async () => {
    const device = new Device();
    const keeper = device.tab();
    const another = device.tab();
    await make(keeper, [0]);
    await keeper.remove(id);
    device.now = new Date(device.now.getTime() + 2 * 60 * 60 * 1000);
    await keeper.tidy();
    await another.tidy();
    await keeper.restore(id);
    expect((await open(device, keeper)).pictures).toEqual(pictures(startId, 1));

    await keeper.remove(id);
    device.crash();
    await another.tidy();
    expect(device.files.names()).not.toEqual([]);
    device.now = new Date(device.now.getTime() + 2 * 60 * 60 * 1000);
    await another.tidy();
    expect(device.files.names()).toEqual([]);
  });
});

describe('a crash', () => {
  const crash = new Error('the page is gone');

  /** Makes two frames and crashes while the third is being written: before, in the middle, or between file and record. */
  async function crashAtThird(device: Device, when: 'file' | 'record'): Promise<void> {
    const keeper = device.tab();
    await make(keeper, [0, 1]);
    const { node } = append(treeFrom([0, 1]), newFrame());
    if (when === 'file') {
      device.files.beforeWrite = () => {
        throw crash;
      };
      await expect(addFrame(keeper, node)).rejects.toThrow();
    } else {
      await device.files.write(id, '0000003.png', new Blob(['whole, but named by nothing']));
    }
    device.files.beforeWrite = silent;
    device.crash();
  }

  it.each(['file', 'record'] as const)(
    'while a frame’s %s is being written loses only that frame and leaves no file behind',
    async (when) => {
      const device = new Device();
      await crashAtThird(device, when);
      expect(device.files.names()).toContain(`${id}/0000003.png`);
      const keeper = device.tab();
      const opened = await open(device, keeper);
      expect(opened.pictures).toEqual(pictures(startId, 1, 2));
      expect([opened.readOnly, opened.lost]).toEqual([false, 0]);
      expect(device.files.names()).not.toContain(`${id}/0000003.png`);

      const { node } = append(treeOf(opened.document), newFrame());
      await addFrame(keeper, node);
      expect((await open(device, keeper)).pictures).toEqual(pictures(startId, 1, 2, 3));
    },
  );

  it('while a project is created or copied leaves only files that tidy() deletes', async () => {
    const device = new Device();
    const keeper = device.tab();
    await make(keeper, [0]);
    await device.files.write(other, 'start-1.png', new Blob(['x']));
    // Files are kept while another tab may still create the project.
    const release = await device.locks.tryHold(other);
    await keeper.tidy();
    expect(device.files.folderNames()).toContain(other);
    release?.();
    await keeper.tidy();
    expect(device.files.folderNames()).toEqual([id]);
  });

  it('that lost a picture removes its descendants, and the rest can be continued', async () => {
    const device = new Device();
    const keeper = device.tab();
    await make(keeper, [0, 1, 2, 1]);
    await keeper.changeTree(id, { put: [], remove: [], leaf: 3 }, []);
    device.files.lose(id, '0000002.png');
    const opened = await open(device, keeper);
    expect(opened.pictures).toEqual(pictures(startId, 1));
    expect(opened.document.frames.map((frame) => frame.id)).toEqual([1, 4]);
    expect([opened.lost, opened.document.leaf]).toEqual([2, 1]);
  });

  it('that damaged a picture is handled like its loss', async () => {
    const device = new Device();
    const keeper = device.tab();
    await make(keeper, [0, 1]);
    device.files.damage(id, '0000002.png', utf8('x'));
    const opened = await open(device, keeper);
    expect([opened.lost, opened.document.leaf]).toEqual([1, 1]);
    device.files.damage(id, 'start-1.png', utf8('x'));
    expect(await failure(open(device, keeper))).toMatchObject({ code: 'project-damaged' });
  });

  it('that damaged a record hides no other project', async () => {
    const device = new Device();
    const keeper = device.tab();
    await make(keeper, [0]);
    await make(keeper, [0], other);
    const db = await openDB(device.database);
    await db.put('projects', { id: other, name: 7 }, other);
    db.close();
    expect((await keeper.list()).map((project) => project.id)).toEqual([id]);
    expect(await failure(open(device, keeper, other))).toMatchObject({
      name: 'ProjectError',
      code: 'project-damaged',
    });
  });
});

describe('a full disk', () => {
  it('is reported, changes nothing stored, and the same frame can be stored once there is room', async () => {
    const device = new Device();
    const keeper = device.tab();
    await make(keeper, [0]);
    device.files.quota = device.files.used + 100;
    const { node } = append(treeFrom([0]), newFrame());
    expect(await failure(addFrame(keeper, node))).toMatchObject({
      name: 'StorageError',
      code: 'storage-full',
    });
    expect((await open(device, keeper)).pictures).toEqual(pictures(startId, 1));
    device.files.quota += 1e6;
    await addFrame(keeper, node);
    expect((await open(device, keeper)).pictures).toEqual(pictures(startId, 1, 2));
  });

  it('is predictable: storing a frame returns the space left', async () => {
    const device = new Device();
    const keeper = device.tab();
    await make(keeper, [0]);
    device.files.quota = device.files.used + 20_000;
    const { node } = append(treeFrom([0]), newFrame());
    const { bytes, left } = await addFrame(keeper, node);
    expect(bytes).toBeGreaterThan(64 * 64 * 3);
    expect(left).toBe(20_000 - bytes);
  });

  it('leaves no partial copy or import', async () => {
    const device = new Device();
    const keeper = device.tab();
    await make(keeper, [0, 1]);
    const file = await keeper.export(id, null, control);
    device.files.quota = device.files.used + 20_000;
    expect(await failure(keeper.duplicate(id, other, 'A copy', signal))).toMatchObject({
      code: 'storage-full',
    });
    expect(await failure(keeper.import(file, other, control))).toMatchObject({ code: 'storage-full' });
    expect(device.files.folderNames()).toEqual([id]);
    expect(await keeper.list()).toHaveLength(1);
  });

  it('still allows exporting the project, including frames that did not fit', async () => {
    const device = new Device();
    const keeper = device.tab();
    await make(keeper, [0]);
    const { tree, node } = append(treeFrom([0]), newFrame());
    const current = { document: documentOf(tree), pictures: [{ id: node.id, png: pngOf(2) }] };
    const file = await keeper.export(id, current, control);
    await keeper.import(file, other, control);
    expect((await open(device, keeper, other)).pictures).toEqual(pictures(startId, 1, 2));
  });

  it('is distinguished from a browser that forbids storage', async () => {
    const device = new Device();
    const keeper = device.tab();
    device.files.beforeWrite = () => {
      throw new DOMException('No.', 'SecurityError');
    };
    const forbidden = await failure(make(keeper, []));
    expect(forbidden.code).toBe('storage-unavailable');
    expect(forbidden.remedy).toContain('private window');
    vi.stubGlobal('isSecureContext', false);
    const insecure = await failure(make(keeper, []));
    expect(insecure.message).toBe('Projects cannot be kept, because this address is not secure.');
    expect(insecure.remedy).toContain('https');
  });
});

describe('two tabs', () => {
  it('on one project: the second is read-only until the first closes it', async () => {
    const device = new Device();
    const first = device.tab();
    const second = device.tab();
    await make(first, [0]);
    const opened = await open(device, second);
    expect(opened.readOnly).toBe(true);
    expect(opened.pictures).toEqual(pictures(startId, 1));
    const { node } = append(treeFrom([0]), newFrame());
    for (const change of [
      addFrame(second, node),
      second.changeTree(id, { put: [], remove: [], leaf: startId }, []),
      second.changeTree(id, { put: [], remove: [1], leaf: startId }, []),
      second.replaceStart(id, opened.document.start, pictureOf(9)),
    ]) {
      expect(await failure(change)).toMatchObject({ name: 'StorageError', code: 'read-only' });
    }
    expect(await failure(second.remove(id))).toMatchObject({ code: 'open-elsewhere' });
    await second.purge(id);
    expect((await open(device, first)).pictures).toEqual(pictures(startId, 1));

    await addFrame(first, node);
    await first.close();
    expect((await open(device, second)).readOnly).toBe(false);
    await addFrame(second, append(treeFrom([0, 1]), newFrame()).node);
    expect((await open(device, second)).pictures).toEqual(pictures(startId, 1, 2, 3));
  });

  it.each([
    ['exported', (keeper: ProjectKeeper) => keeper.export(id, null, control)],
    ['copied', (keeper: ProjectKeeper) => keeper.duplicate(id, other, 'Copy', control.signal)],
  ])('do not purge a project while another has it %s', async (_, copy) => {
    const device = new Device();
    const first = device.tab();
    await make(first, [0, 1, 2]);
    const read = device.files.read.bind(device.files);
    vi.spyOn(device.files, 'read').mockImplementationOnce(async (...file) => {
      await first.remove(id);
      await first.purge(id);
      return read(...file);
    });
    const file = await copy(device.tab());
    if (file) await device.tab().import(file, other, control);
    expect((await open(device, device.tab(), other)).pictures).toEqual(pictures(startId, 1, 2, 3));
    // Its remains are removed an hour after the deletion.
    await first.close();
    device.now = new Date(device.now.getTime() + 2 * 3600e3);
    await device.tab().tidy();
    expect(await device.files.list(id)).toEqual([]);
  });

  it('do not purge a project that another has open', async () => {
    const device = new Device();
    const [first, second] = [device.tab(), device.tab()];
    await make(first, [0]);
    await open(device, second);
    await first.remove(id);
    await first.purge(id);
    expect(await device.files.list(id)).not.toEqual([]);
    await second.close();
    await first.purge(id);
    expect(await device.files.list(id)).toEqual([]);
  });

  it('on two projects are independent, and opening another project releases the first', async () => {
    const device = new Device();
    const first = device.tab();
    const second = device.tab();
    await make(first, [0]);
    await make(second, [0], other);
    expect(await first.resume(other)).toBe(false);
    expect(await failure(first.changeTree(other, { put: [], remove: [], leaf: 0 }, []))).toMatchObject({
      code: 'read-only',
    });
    // The first project was released, but stays writable until another tab opens it.
    await first.changeTree(id, { put: [], remove: [], leaf: 0 }, []);
    const opened = await open(device, second);
    expect([opened.readOnly, opened.document.leaf]).toEqual([false, 0]);
    expect(await failure(first.changeTree(id, { put: [], remove: [], leaf: 1 }, []))).toMatchObject({
      code: 'read-only',
    });
  });
});

describe('the database', () => {
  it('is opened once, even after aborts and errors', async () => {
    const opens = vi.spyOn(IDBFactory.prototype, 'open');
    const device = new Device();
    const keeper = device.tab();
    await make(keeper, [0, 1]);
    const stopped = AbortSignal.abort();
    await expect(keeper.open(id, stopped)).rejects.toThrow();
    device.files.quota = 0;
    await expect(keeper.replaceStart(id, documentOf(emptyTree).start, pictureOf(9))).rejects.toThrow();
    await expect(open(device, keeper, other)).rejects.toThrow();
    expect((await open(device, keeper)).pictures).toEqual(pictures(startId, 1, 2));
    expect(opens).toHaveBeenCalledTimes(1);
  });

  it('is reopened after it was closed for a newer version in another tab', async () => {
    const device = new Device();
    const keeper = device.tab();
    await make(keeper, [0]);
    await deleteDB(device.database);
    expect(await failure(open(device, keeper))).toMatchObject({ code: 'project-gone' });
  });
});

describe('a .drift file', () => {
  it('is written with one read of all records, however many frames there are', async () => {
    const device = new Device();
    const keeper = device.tab();
    await make(keeper, [0, 1, 2, 3, 4, 5]);
    const reads = vi.spyOn(IDBObjectStore.prototype, 'getAll');
    await keeper.export(id, null, control);
    expect(reads).toHaveBeenCalledTimes(1);
  });

  it('restores the same project, bit for bit, after everything was deleted', async () => {
    const device = new Device();
    const keeper = device.tab();
    await make(keeper, [0, 1, 1, 3]);
    const before = await open(device, keeper);
    const file = await keeper.export(id, null, control);
    await keeper.remove(id);
    await keeper.purge(id);
    await keeper.import(file, other, control);
    const after = await open(device, keeper, other);
    expect(after.document).toEqual(before.document);
    expect(after.pictures).toEqual(before.pictures);
    expect(device.files.bytes(other, '0000002.png')).toEqual(encodePng(pictureOf(2)));
    // The export has the cropped start picture, but not the original photograph.
    expect(await after.original.arrayBuffer()).toEqual(device.files.bytes(other, 'start-1.png')?.buffer);
  });

  it('that is damaged in its last picture changes nothing', async () => {
    const device = new Device();
    const keeper = device.tab();
    await make(keeper, [0, 1]);
    const bytes = new Uint8Array(await (await keeper.export(id, null, control)).arrayBuffer());
    const last = new TextDecoder('latin1').decode(bytes).lastIndexOf('IDAT') + 200;
    bytes[last] = (bytes[last] ?? 0) ^ 1;
    const names = device.files.names();
    const list = await keeper.list();
    expect(await failure(keeper.import(new Blob([bytes]), other, control))).toMatchObject({
      name: 'ProjectError',
    });
    expect(device.files.names()).toEqual(names);
    expect(await keeper.list()).toEqual(list);
  });

  it('whose import is aborted changes nothing', async () => {
    const device = new Device();
    const keeper = device.tab();
    await make(keeper, [0, 1]);
    const file = await keeper.export(id, null, control);
    const stop = new AbortController();
    const importing = keeper.import(file, other, {
      signal: stop.signal,
      onProgress: ({ done }) => {
        if (done === 2) stop.abort();
      },
    });
    await expect(importing).rejects.toMatchObject({ name: 'AbortError' });
    expect(device.files.folderNames()).toEqual([id]);
    // The queue continues after it.
    await keeper.import(file, other, control);
    expect(await keeper.list()).toHaveLength(2);
  });

  it('does not block storing new frames while it is written', async () => {
    const device = new Device();
    const keeper = device.tab();
    await make(keeper, [0, 1, 2]);
    let goOn: () => void = silent;
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const begun = new Promise<void>((resolve) => {
      device.files.beforeRead = () => {
        resolve();
        return gate;
      };
    });
    const exporting = keeper.export(id, null, control);
    await begun;
    await addFrame(keeper, append(treeFrom([0, 1, 2]), newFrame()).node);
    goOn();
    await keeper.import(await exporting, other, control);
    expect((await open(device, keeper, other)).pictures).toEqual(pictures(startId, 1, 2, 3));
  });
});
