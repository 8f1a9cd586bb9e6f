import fc from 'fast-check';
import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import type { Picture } from '../../../src/base/index.ts';
import {
  defaultSettings,
  documentFromText,
  documentToText,
  encodePng,
  openArchive,
  pictureName,
  startId,
  treeOf,
  writeArchive,
} from '../../../src/project/index.ts';
import type { ProjectDocument } from '../../../src/project/index.ts';
import { concat, utf8 } from '../../support/bytes.ts';
import { failure } from '../../support/failure.ts';
import { createOutput } from '../../support/output.ts';
import { documentOf, framesOf, noisy, treeFrom, trees } from '../../support/project.ts';
import { zipFile, zipSegments } from '../../support/zip-file.ts';
import type { Packed } from '../../support/zip-file.ts';

const { signal } = new AbortController();
const pictureOf = (id: number): Picture => noisy(64, 64, id);
const control = { signal, onProgress: () => undefined };
const write = (document: ProjectDocument) =>
  writeArchive(document, (id) => Promise.resolve(encodePng(pictureOf(id))), createOutput, control);
const fileOf = (bytes: Uint8Array) => new File([new Uint8Array(bytes)], 'a.drift');

describe('a .drift file', () => {
  it('round-trips a project bit for bit', async () => {
    await fc.assert(
      fc.asyncProperty(trees(6), async (tree) => {
        const document = documentOf(tree);
        const archive = await openArchive(await write(document), signal);
        expect(archive.document).toEqual(document);
        expect(treeOf(archive.document)).toEqual(tree);
        for (const id of [startId, ...framesOf(tree).map((frame) => frame.id)]) {
          const { png, picture } = await archive.picture(id);
          expect(picture).toEqual(pictureOf(id));
          expect(png).toEqual(encodePng(pictureOf(id)));
        }
      }),
      { numRuns: 20 },
    );
  });

  it('is a ZIP readable by other programs: a JSON description and PNG pictures', async () => {
    const document = documentOf(treeFrom([0, 1, 1]));
    const files = unzipSync(new Uint8Array(await (await write(document)).arrayBuffer()));
    expect(Object.keys(files)).toEqual([
      'project.json',
      'start.png',
      'frames/0000001.png',
      'frames/0000002.png',
      'frames/0000003.png',
    ]);
    const text = new TextDecoder().decode(files['project.json']);
    expect(text).toContain('\n  "name": "A project",\n');
    expect(JSON.parse(text)).toMatchObject({
      version: 1,
      frames: [{ id: 1, settings: { seed: 7 }, insight: { positivesAfter: 0.2 } }, {}, {}],
    });
  });

  it('is byte-identical whenever the same project is written', async () => {
    const bytes = async () => new Uint8Array(await (await write(documentOf(treeFrom([0, 1])))).arrayBuffer());
    expect(await bytes()).toEqual(await bytes());
  });

  it('is read after it was repacked by another program, with extra folders and files', async () => {
    const document = documentOf(treeFrom([0, 1]));
    const files: Packed[] = [
      { name: 'frames/', data: utf8('') },
      { name: '.DS_Store', data: utf8('x') },
      ...contents(document).map((file) => ({ ...file, compress: true })),
    ];
    const archive = await openArchive(fileOf(zipFile(files)), signal);
    expect((await archive.picture(2)).picture).toEqual(pictureOf(2));
  });

  it('aborts with its signal', async () => {
    const stop = new AbortController();
    const writing = writeArchive(
      documentOf(treeFrom([0, 1, 2])),
      (id) => {
        if (id === 2) stop.abort();
        return Promise.resolve(encodePng(pictureOf(id)));
      },
      createOutput,
      { signal: stop.signal, onProgress: () => undefined },
    );
    await expect(writing).rejects.toMatchObject({ name: 'AbortError' });
    await expect(openArchive(await write(documentOf(treeFrom([]))), stop.signal)).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});

/** Files of an archive, by name, for modification. */
function contents(document: ProjectDocument): Packed[] {
  return [
    { name: 'project.json', data: utf8(documentToText(document)) },
    ...[startId, ...document.frames.map(({ id }) => id)].map((id) => ({
      name: pictureName(id),
      data: encodePng(pictureOf(id)),
    })),
  ];
}

describe('a damaged .drift file', () => {
  const document = documentOf(treeFrom([0, 1]));
  const good = contents(document);
  const rest = good.slice(1);
  const withText = (change: (text: string) => string): Uint8Array =>
    zipFile([{ name: 'project.json', data: utf8(change(documentToText(document))) }, ...rest]);
  const whole = zipFile(good);
  const bomb = new Uint8Array(20e6);

  it.each<[string, Uint8Array, string]>([
    ['is truncated', whole.subarray(0, whole.length - 100), 'file-cut-off'],
    ['is empty', new Uint8Array(0), 'file-cut-off'],
    ['is not an archive', utf8('GIF89a and so on'), 'file-cut-off'],
    ['has a byte before its start', concat(utf8('x'), whole.subarray(0, -1)), 'file-cut-off'],
    ['is an archive of other files', zipFile([{ name: 'readme.txt', data: utf8('x') }]), 'not-a-project'],
    [
      'has a path outside its folder',
      zipFile([...good, { name: '../x.png', data: utf8('x') }]),
      'unsafe-name',
    ],
    [
      'has a nested path outside its folder',
      zipFile([...good, { name: 'a/../../x', data: utf8('x') }]),
      'unsafe-name',
    ],
    ['has an absolute path', zipFile([...good, { name: '/etc/x', data: utf8('x') }]), 'unsafe-name'],
    ['has a path with a drive', zipFile([...good, { name: 'C:x', data: utf8('x') }]), 'unsafe-name'],
    ['has a path with backslashes', zipFile([...good, { name: '..\\x', data: utf8('x') }]), 'unsafe-name'],
    ['has an entry twice', zipFile([...good, ...good]), 'file-damaged'],
    ['lacks a picture', zipFile(good.slice(0, -1)), 'picture-missing'],
    ['lacks the start picture', zipFile(good.filter(({ name }) => name !== 'start.png')), 'picture-missing'],
    [
      'has a picture that is far too large',
      zipFile([...good.slice(0, -1), { name: pictureName(2), data: bomb, compress: true }]),
      'picture-too-long',
    ],
    [
      'has a description that is a ZIP bomb',
      zipFile([{ name: 'project.json', data: new Uint8Array(300e6), compress: true }, ...rest]),
      'picture-too-long',
    ],
    ['has invalid JSON', withText((text) => text.slice(0, -20)), 'project-json'],
    ['describes something else', withText(() => '{"format":"other"}'), 'project-json'],
    ['describes nothing', withText(() => 'null'), 'project-json'],
    ['has no version', withText((text) => text.replace('"version": 1', '"version": "1"')), 'project-json'],
    ['lacks its frames', withText((text) => text.replace('"frames": [', '"fames": [')), 'project-json'],
    ['has a seed out of range', withText((text) => text.replace('"seed": 7', '"seed": -7')), 'project-json'],
    ['has a frame of width 0', withText((text) => text.replace('"width": 64', '"width": 0')), 'project-json'],
    ['has an invalid date', withText((text) => text.replace('2025-01-31T12', 'noon')), 'project-json'],
    ['has a cycle', withText((text) => text.replace('"parent": 0', '"parent": 2')), 'tree-damaged'],
    [
      'is of a newer Drift',
      withText((text) => text.replace('"version": 1', '"version": 3')),
      'project-newer',
    ],
  ])('that %s is rejected with a reason, before any picture is read', async (_, bytes, code) => {
    const error = await failure(openArchive(fileOf(bytes), signal));
    expect(error).toMatchObject({ name: 'ProjectError', code });
    expect(error.message).toMatch(/\.$/);
    expect(error.remedy).toMatch(/\.$/);
  });

  it('of a newer version says so in its error', async () => {
    const newer = withText((text) => text.replace('"version": 1', '"version": 7'));
    const error = await failure(openArchive(fileOf(newer), signal));
    expect(error.message).toContain('newer Drift');
    expect(error.details).toEqual({ version: 7, newest: 2 });
  });

  it.each<[string, Uint8Array, string]>([
    ['another size than stated', encodePng(noisy(64, 32, 1)), 'picture-size'],
    ['a wrong byte', encodePng(noisy(64, 64, 1)).fill(0, 60, 61), 'picture-damaged'],
  ])('that holds a picture with %s is rejected when that is read', async (_, png, code) => {
    const archive = await openArchive(
      fileOf(zipFile([...good.slice(0, -1), { name: pictureName(2), data: png }])),
      signal,
    );
    expect(await failure(archive.picture(2))).toMatchObject({ name: 'ProjectError', code });
    expect((await archive.picture(1)).picture).toEqual(pictureOf(1));
  });

  it('with an entry that does not match its checksum is rejected', async () => {
    const bytes = whole.slice();
    const text = new TextDecoder('latin1').decode(bytes);
    bytes[text.indexOf('"seed": 7') + 8] = '8'.charCodeAt(0);
    expect(await failure(openArchive(fileOf(bytes), signal))).toMatchObject({ code: 'file-damaged' });
  });

  it('that claims a terabyte is rejected from its directory alone', async () => {
    const { size, segments } = zipSegments([...good.slice(0, -1), { name: pictureName(2), data: 2 ** 40 }]);
    const reads: number[] = [];
    const part = (from: number, to: number): Blob => {
      reads.push(to - from);
      const bytes = new Uint8Array(to - from);
      for (const { at, bytes: known } of segments) {
        const first = Math.max(from, at);
        const last = Math.min(to, at + known.length);
        if (first < last) bytes.set(known.subarray(first - at, last - at), first - from);
      }
      return new Blob([bytes]);
    };
    // A sparse file, because it would not fit on a disk.
    const sparse = Object.defineProperties(new Blob(), {
      size: { value: size },
      slice: { value: part },
    });
    expect(await failure(openArchive(sparse, signal))).toMatchObject({ code: 'picture-too-long' });
    expect(Math.max(...reads)).toBeLessThan(1e6);
  });

  it('with an entry that inflates to more than it claims is rejected', async () => {
    const bytes = zipFile([...good.slice(0, -1), { name: pictureName(2), data: bomb, compress: true }]);
    // The directory claims 1,000 bytes, the file has 20 million.
    const text = new TextDecoder('latin1').decode(bytes);
    const entry = text.lastIndexOf(pictureName(2)) - 46;
    new DataView(bytes.buffer).setUint32(entry + 24, 1000, true);
    const archive = await openArchive(fileOf(bytes), signal);
    expect(await failure(archive.picture(2))).toMatchObject({ code: 'file-damaged' });
  });

  it('with an entry that claims more than it could inflate to is rejected before allocating', async () => {
    const bytes = zipFile([{ name: 'project.json', data: utf8('{}'), compress: true }, ...rest]);
    const text = new TextDecoder('latin1').decode(bytes);
    const entry = text.lastIndexOf('project.json') - 46;
    new DataView(bytes.buffer).setUint32(entry + 24, 200e6, true);
    expect(await failure(openArchive(fileOf(bytes), signal))).toMatchObject({ code: 'picture-too-long' });
  });

  it('with any byte changed gives the same project or a ProjectError, never another project', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: whole.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, by) => {
          const bytes = whole.slice();
          bytes[at] = (bytes[at] ?? 0) ^ by;
          let error: unknown = null;
          try {
            const archive = await openArchive(fileOf(bytes), signal);
            expect(archive.document).toEqual(document);
            for (const id of [0, 1, 2]) expect((await archive.picture(id)).picture).toEqual(pictureOf(id));
          } catch (thrown) {
            error = thrown;
          }
          if (error) expect(error).toMatchObject({ name: 'ProjectError' });
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('a project description', () => {
  const document = documentOf(treeFrom([0]));

  it('of an earlier Drift gets defaults for missing settings, and unknown settings are dropped', () => {
    const text = documentToText(document)
      .replaceAll(/"guidanceScale": \d+,?/g, '')
      .replace('"seed": 9', '"seed": 9, "sharpness": 3');
    expect(documentFromText(text).settings).toEqual({ ...defaultSettings, width: 64, height: 64, seed: 9 });
  });
});
