import { openAsBlob, readFileSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openMoving } from '../../../src/media/moving.ts';
import { failure } from '../../support/failure.ts';

const animation = new URL('../../fixtures/animations/turning.gif', import.meta.url);

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('an animated picture', () => {
  it('that is too large for memory is refused before it is decoded', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'drift-moving-'));
    try {
      const path = join(folder, 'long.gif');
      const file = await open(path, 'w');
      await file.write(readFileSync(animation));
      // A sparse file: its zeros take no room.
      await file.truncate(2 ** 29 + 1);
      await file.close();
      const decoded: unknown[] = [];
      function FakeImageDecoder(init: unknown) {
        decoded.push(init);
      }
      FakeImageDecoder.isTypeSupported = () => Promise.resolve(true);
      vi.stubGlobal('ImageDecoder', FakeImageDecoder);
      const { signal } = new AbortController();
      const error = await failure(openMoving(await openAsBlob(path), signal));
      expect(error).toMatchObject({ name: 'InputError', code: 'animation-too-large' });
      expect(error.remedy).toContain('shorter');
      expect(decoded).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
