import { describe, expect, it } from 'vitest';
import { encodePng } from '../../../src/formats/index.ts';
import { readerOf, downscaled } from '../../../src/project/index.ts';
import { failure } from '../../support/failure.ts';
import { noisy } from '../../support/project.ts';

const project = '00000000-0000-4000-8000-000000000001';
const ref = (id: number) => ({ id, width: 8, height: 8 });

describe('readerOf', () => {
  it('reads pictures from memory, and the others from disk', async () => {
    const files = {
      read: (_: string, name: string) =>
        Promise.resolve(name === '0000002.png' ? new Blob([encodePng(noisy(8, 8, 2))]) : null),
    };
    const held = [{ id: 1, png: new Blob([encodePng(noisy(8, 8, 1))]) }];
    const reader = readerOf(files, { project, held });
    expect(await reader.picture(ref(1))).toEqual(noisy(8, 8, 1));
    expect(await reader.picture(ref(2))).toEqual(noisy(8, 8, 2));
    expect(await failure(reader.picture(ref(3)))).toMatchObject({ code: 'picture-lost' });
    expect(await failure(reader.picture({ ...ref(2), width: 16 }))).toMatchObject({ code: 'picture-size' });
  });

  it('downscaled() keeps proportions and averages pixels', () => {
    const data = Uint8ClampedArray.from({ length: 4 * 8 * 4 }, (_, i) => ((i >> 2) % 8 < 4 ? 0 : 200));
    const small = downscaled({ width: 8, height: 4, data }, 2);
    expect([small.width, small.height]).toEqual([2, 1]);
    expect([...small.data]).toEqual([0, 0, 0, 0, 200, 200, 200, 200]);
    const picture = noisy(8, 8, 1);
    expect(downscaled(picture, 8)).toBe(picture);
  });
});
