import { describe, expect, it } from 'vitest';
import { isPictureName, unpackPictures } from '../../../src/media/unpack.ts';
import { utf8 } from '../../support/bytes.ts';
import { failure } from '../../support/failure.ts';
import { zipFile } from '../../support/zip-file.ts';

const { signal } = new AbortController();
const blob = (bytes: Uint8Array) => new Blob([new Uint8Array(bytes)]);

describe('an archive of pictures', () => {
  it('gives its pictures, stored or compressed, and nothing else', async () => {
    const files = await unpackPictures(
      blob(
        zipFile([
          { name: 'a/', data: utf8('') },
          { name: 'a/2.PNG', data: utf8('two') },
          { name: 'a/1.jpeg', data: utf8('one, one, one, one'), compress: true },
          { name: 'a/notes.txt', data: utf8('x') },
          { name: '__MACOSX/a/._2.png', data: utf8('x') },
        ]),
      ),
      signal,
    );
    expect(files.map(({ name }) => name)).toEqual(['a/2.PNG', 'a/1.jpeg']);
    expect(await Promise.all(files.map(({ file }) => file.text()))).toEqual(['two', 'one, one, one, one']);
  });

  it('that is cut, damaged or a bomb is refused with a reason', async () => {
    const whole = zipFile([{ name: '1.png', data: utf8('a picture') }]);
    expect(await failure(unpackPictures(blob(whole.subarray(0, -1)), signal))).toMatchObject({
      name: 'InputError',
      code: 'truncated',
    });
    const flipped = whole.slice();
    flipped[37] = (flipped[37] ?? 0) ^ 1;
    expect(await failure(unpackPictures(blob(flipped), signal))).toMatchObject({ code: 'zip-damaged' });
    const bomb = zipFile([{ name: '1.png', data: new Uint8Array(300e6), compress: true }]);
    expect(await failure(unpackPictures(blob(bomb), signal))).toMatchObject({ code: 'zip-unsupported' });
  });

  it.each([
    ['0000001.png', true],
    ['a/b.JPG', true],
    ['.hidden.png', false],
    ['a/.cache/x.png', false],
    ['movie.mp4', false],
    ['png', false],
  ])('takes %s for a picture: %s', (name, expected) => {
    expect(isPictureName(name)).toBe(expected);
  });
});
