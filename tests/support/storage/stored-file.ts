/** A file in memory: what it holds, what of that is safe from a crash, and who writes to it. */
export interface StoredContents {
  bytes: Uint8Array<ArrayBuffer>;
  /** As it was at its last flush; null where it was never flushed. */
  flushed: Uint8Array<ArrayBuffer> | null;
  /** Counts changes. */
  version: number;
  removed: boolean;
  locked: boolean;
}

/** Throws as Chromium does when a file is read that was removed or changed since its `File` was made. */
type Check = () => void;

/** A part of a stored file: like the file, it can be read only as long as the file is as it was. */
class StoredSlice extends Blob {
  readonly #check: Check;

  constructor(blob: Blob, check: Check, type?: string) {
    super([blob], type === undefined ? {} : { type });
    this.#check = check;
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    await checked(this.#check);
    return super.arrayBuffer();
  }

  override async text(): Promise<string> {
    await checked(this.#check);
    return super.text();
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return checkedStream(super.stream(), this.#check);
  }

  override slice(start?: number, end?: number, type?: string): Blob {
    return new StoredSlice(super.slice(start, end), this.#check, type);
  }
}

/**
 * The `File` of a stored file, as it was when it was made. Chromium reads what is on disk when it is asked for: once the
 * file was removed, reading fails with NotFoundError, and once it was written to, with NotReadableError.
 */
export class StoredFile extends File {
  readonly #check: Check;

  constructor(name: string, contents: StoredContents) {
    super([contents.bytes], name);
    const { version } = contents;
    this.#check = () => {
      if (contents.removed) {
        throw new DOMException('A requested file or directory could not be found.', 'NotFoundError');
      }
      if (contents.version !== version) {
        throw new DOMException('The requested file could not be read: it has changed.', 'NotReadableError');
      }
    };
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    await checked(this.#check);
    return super.arrayBuffer();
  }

  override async text(): Promise<string> {
    await checked(this.#check);
    return super.text();
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return checkedStream(super.stream(), this.#check);
  }

  override slice(start?: number, end?: number, type?: string): Blob {
    return new StoredSlice(super.slice(start, end), this.#check, type);
  }
}

/** Reading takes a moment, in which the file may change. */
async function checked(check: Check): Promise<void> {
  await Promise.resolve();
  check();
}

function checkedStream(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  check: Check,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return stream.pipeThrough(
    new TransformStream({
      transform(chunk, controller) {
        check();
        controller.enqueue(chunk);
      },
      flush: check,
    }),
  );
}
