import { describe, expect, it } from 'vitest';
import { MediaError, isAbort } from '../../../src/base/index.ts';
import { fillPicked } from '../../../workers/picked-file.ts';
import { utf8 } from '../../support/bytes.ts';
import { failure } from '../../support/failure.ts';
import { FaultInjector } from '../../support/storage/faults.ts';
import { PickedFile } from '../../support/storage/picked-file.ts';

const neverAborted = new AbortController().signal;
const picked = (contents = '', Class = PickedFile) =>
  new Class('drift.gif', utf8(contents), new FaultInjector());
const textOf = ({ bytes }: PickedFile) => bytes && new TextDecoder().decode(bytes);

/** A file whose `close` fails, as when a malware scanner objects. */
class Scanned extends PickedFile {
  override async createWritable(): Promise<FileSystemWritableFileStream> {
    const stream = await super.createWritable();
    stream.close = async () => {
      await stream.abort();
      throw new DOMException('Blocked by Safe Browsing.', 'AbortError');
    };
    return stream;
  }
}

describe('a file that the user chose', () => {
  it('is written at the given positions, replacing its old contents', async () => {
    const target = picked('something longer');
    await fillPicked(
      target,
      async (sink) => {
        await sink.write(utf8('?ello'), 0);
        await sink.write(utf8('h'), 0);
      },
      neverAborted,
    );
    expect([textOf(target), target.writing]).toEqual(['hello', 0]);
  });

  it('that the browser blocks on close rejects with an error, not as an abort', async () => {
    const target = picked('', Scanned);
    const error = await failure(fillPicked(target, (sink) => sink.write(utf8('bad'), 0), neverAborted));
    expect(error).toBeInstanceOf(MediaError);
    expect(error).toMatchObject({ code: 'file-unwritable' });
    expect(error.message).toContain('drift.gif');
    expect(textOf(target), 'the empty file is removed').toBeNull();
  });

  it.each([
    ['is left as it was', 'before'],
    ['is removed where the picker made it', ''],
  ])('%s when writing is aborted', async (_, contents) => {
    const target = picked(contents);
    const stop = new AbortController();
    const writing = fillPicked(
      target,
      async (sink) => {
        await sink.write(utf8('half'), 0);
        stop.abort();
      },
      stop.signal,
    );
    await expect(writing).rejects.toSatisfy(isAbort);
    expect([textOf(target), target.writing]).toEqual([contents === '' ? null : contents, 0]);
  });
});
