import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileKind, pickFrames, projectFolder } from '../../../src/project/index.ts';

/** Names of the frames, and of the files left out. */
function picked(...names: string[]) {
  const { order, leftOut } = pickFrames(names);
  return {
    frames: order.map((index) => names[index]),
    leftOut: Object.fromEntries(
      leftOut.map(({ name, indices }) => [name, indices.map((index) => names[index])]),
    ),
  };
}

describe('imported files', () => {
  it.each([
    ['0000001.png', 'picture'],
    ['a/b.JPG', 'picture'],
    ['IMG_1.HEIC', 'picture'],
    ['a0.jfif', 'picture'],
    ['a\\b.webp', 'picture'],
    ['scan.tiff', 'picture'],
    ['fox.drift', 'project'],
    ['all.ZIP', 'archive'],
    ['video.mp4', 'video'],
    ['png', 'other'],
    ['._0000001.jpg', 'hidden'],
    ['a/.cache/x.png', 'hidden'],
    ['__MACOSX/a/1.png', 'hidden'],
    ['a/Thumbs.db', 'hidden'],
  ])('are classified by name: %s is %s', (name, kind) => {
    expect(fileKind(name)).toBe(kind);
  });

  it('are pictures if their MIME type says so, except hidden files', () => {
    expect([fileKind('pasted', 'image/png'), fileKind('._a', 'image/png')]).toEqual(['picture', 'hidden']);
  });

  it.each([
    [['project.json', 'start.png', 'frames/0000001.png'], ''],
    [['fox/project.json', 'fox/start.png'], 'fox/'],
    [['fox/project.json', 'start.png'], null],
    [['project.json', '1.png'], null],
    [['a/b/project.json', 'a/b/start.png'], null],
  ])('are a project in an archive of %j: %j', (names, folder) => {
    expect(projectFolder(names)).toBe(folder);
  });
});

describe('pickFrames', () => {
  it('takes a numbered sequence and leaves out other files', () => {
    expect(picked('out.gif', '0000001.jpg', '0000000.jpg', '0000002.png')).toEqual({
      frames: ['0000000.jpg', '0000001.jpg', '0000002.png'],
      leftOut: { 'out.gif': ['out.gif'] },
    });
  });

  it('takes the pictures of the top folder and groups the others by folder', () => {
    const names = ['fox/1.png', 'fox/2.png', 'fox/depth/1.png', 'fox/depth/raw/1.png', 'fox/masks/1.png'];
    expect(picked(...names)).toEqual({
      frames: ['fox/1.png', 'fox/2.png'],
      leftOut: { depth: ['fox/depth/1.png', 'fox/depth/raw/1.png'], masks: ['fox/masks/1.png'] },
    });
  });

  it('takes all pictures where there is no sequence, or more than one', () => {
    const several = ['a1.png', 'a2.png', 'b1.png', 'b2.png'];
    expect(picked(...several)).toEqual({ frames: several, leftOut: {} });
    expect(picked('cat.png', 'dog.png', '7.png')).toEqual({
      frames: ['7.png', 'cat.png', 'dog.png'],
      leftOut: {},
    });
    expect(picked('b/1.png', 'a/1.png', 'a/2.png').frames).toEqual(['a/1.png', 'a/2.png', 'b/1.png']);
  });

  it('returns each picture exactly once', () => {
    const path = fc.stringMatching(/^([ab][/]){0,2}([xy]?[0-9]{1,2}|cover)[.](png|gif)$/);
    fc.assert(
      fc.property(fc.uniqueArray(path, { minLength: 1 }), (names) => {
        const { order, leftOut } = pickFrames(names);
        const all = [...order, ...leftOut.flatMap(({ indices }) => indices)];
        expect(all.toSorted((a, b) => a - b)).toEqual(names.map((_, index) => index));
        expect(order.length).toBeGreaterThan(0);
      }),
    );
  });
});
