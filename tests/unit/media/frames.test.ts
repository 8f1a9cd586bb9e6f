import { describe, expect, it } from 'vitest';
import { mostFrames } from '../../../src/base/index.ts';
import { readFrames } from '../../../src/media/frames.ts';
import { projectDocumentSchema } from '../../../src/project/document.ts';
import { failure } from '../../support/failure.ts';
import { createOutput } from '../../support/output.ts';

const control = { signal: new AbortController().signal, onProgress: () => undefined };

async function read(count: number) {
  let opened = 0;
  const pictures = Array.from({ length: count }, (_, index) => ({
    name: `${index}.png`,
    open: () => {
      opened++;
      return Promise.resolve(new Blob(['no picture']));
    },
  }));
  const options = {
    sizeFor: () => ({ width: 64, height: 64 }),
    fit: 'crop',
    inTurn: <T>(work: () => Promise<T>) => work(),
    output: await createOutput(),
  } as const;
  const error = await failure(readFrames(pictures, options, control));
  return { error, opened };
}

describe('reading pictures as frames', () => {
  it('refuses more than a project can have before it reads any', async () => {
    const { error, opened } = await read(mostFrames + 1);
    expect(error).toMatchObject({ name: 'InputError', code: 'too-many-pictures' });
    expect(error.message).toContain('100,001');
    expect(error.message).toContain('100,000');
    expect(opened).toBe(0);
  });

  it('has the limit of stored projects', () => {
    const { frames } = projectDocumentSchema.entries;
    const [, limit] = frames.pipe;
    expect(limit.requirement).toBe(mostFrames);
  });

  it('names the first picture if none can be read', async () => {
    const { error, opened } = await read(3);
    expect(error).toMatchObject({ code: 'not-a-picture' });
    expect(error.message).toContain('0.png');
    expect(opened).toBe(3);
  });
});
