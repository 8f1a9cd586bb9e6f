import { damageError } from './damage.ts';

/** Maximum length of an integer in bytes; sizes and counters are far shorter. */
const longestInteger = 64;

/** Bounds-checked sequential reader of a pickle's bytes. */
export class PickleReader {
  private readonly file: string;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  private position = 0;

  /** @param file File name, for errors. */
  constructor(file: string, bytes: Uint8Array) {
    this.file = file;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Current position. */
  get at(): number {
    return this.position;
  }

  /** Creates the error for invalid data at the current position. */
  damaged(problem: string): Error {
    return damageError('pickle-damaged', `${this.file} is not a readable pickle: ${problem}.`, {
      file: this.file,
      at: this.at,
      problem,
    });
  }

  /** @throws CheckpointError `truncated` if fewer than `length` bytes are left */
  need(length: number): void {
    const missing = this.at + length - this.bytes.length;
    if (missing <= 0) return;
    throw damageError('truncated', `${this.file} ends too early: ${missing} bytes are missing.`, {
      file: this.file,
      at: this.at,
      missing,
    });
  }

  /** Skips `length` bytes; returns their position. */
  private take(length: number): number {
    this.need(length);
    const from = this.at;
    this.position += length;
    return from;
  }

  uint8(): number {
    return this.view.getUint8(this.take(1));
  }

  uint32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  /** A length. Values beyond 2^53 lose precision, but exceed the file anyway. */
  uint64(): number {
    return Number(this.view.getBigUint64(this.take(8), true));
  }

  raw(length: number): Uint8Array {
    const from = this.take(length);
    return this.bytes.slice(from, from + length);
  }

  string(length: number): string {
    const from = this.take(length);
    return this.decode(this.bytes.subarray(from, from + length));
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) this.need(this.bytes.length + 1);
    const line = this.string(end - this.at);
    this.position++;
    return line;
  }

  private decode(bytes: Uint8Array): string {
    try {
      return this.text.decode(bytes);
    } catch {
      throw this.damaged('a text is not UTF-8');
    }
  }

  /** Little-endian two's complement integer. */
  long(length: number): number | bigint {
    const from = this.take(length);
    if (length > longestInteger) throw this.damaged(`an integer of ${length} bytes`);
    let value = 0n;
    for (let i = from + length - 1; i >= from; i--) value = (value << 8n) | BigInt(this.view.getUint8(i));
    value = BigInt.asIntN(8 * length, value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  /** Reads and checks the protocol number; 2 to 5 are supported. */
  protocol(): void {
    const protocol = this.uint8();
    if (protocol < 2 || protocol > 5) throw this.damaged(`it is of protocol ${protocol}`);
  }

  int32(): number {
    return this.view.getInt32(this.take(4), true);
  }

  uint16(): number {
    return this.view.getUint16(this.take(2), true);
  }

  /** Big-endian, unlike all other numbers in pickles. */
  float64(): number {
    return this.view.getFloat64(this.take(8), false);
  }
}
