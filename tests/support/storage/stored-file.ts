/** A stored file: contents, flushed contents, and lock. */
export interface StoredContents {
  bytes: Uint8Array<ArrayBuffer>;
  /** Contents at the last flush; null if never flushed. */
  flushed: Uint8Array<ArrayBuffer> | null;
  /** Incremented by changes. */
  version: number;
  removed: boolean;
  locked: boolean;
}

/** Throws like Chromium if the file was removed or changed since its `File` was created. */
type Check = () => void;

/** Slice of a stored file, readable as long as the file is. */
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
 * Snapshot `File` of a stored file. As in Chromium, reading fails with NotFoundError after the file was removed, and with
 * NotReadableError after it was written to.
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

/** Whether a value is a stored file, or a slice of one. */
export function isStored(value: unknown): value is Blob {
  return value instanceof StoredFile || value instanceof StoredSlice;
}

/** Reading is asynchronous, so the file may change meanwhile. */
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
