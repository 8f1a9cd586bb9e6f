import { damageError } from './damage.ts';
import { PickleReader } from './pickle-reader.ts';
import { PyDict, PyFunction, PyList, PyTuple } from './pickle-values.ts';
import type { PyObject, PyValue } from './pickle-values.ts';

/** Resolves a pickle's references: the unpickler itself knows no classes and functions. */
export interface PickleHost {
  /** Resolves a global, or returns null to refuse it. */
  global(module: string, name: string): PyObject | null;
  /** Resolves a persistent id. */
  persistent(id: PyValue): PyValue;
}

/** Maximum size of a pickle. Checkpoints with a thousand tensors have 200 kB. */
export const longestPickle = 16 * 2 ** 20;
/**
 * Restricted unpickler for protocols 2 to 5: builds plain data, and asks `host` for everything else. Supports only the
 * opcodes that plain data needs (names as in Python's `pickletools`). Uses an explicit stack, so deep nesting cannot
 * overflow JavaScript's, and every opcode consumes at least one byte, so the file's size bounds the work.
 *
 * @param file File name, for errors.
 * @throws CheckpointError `pickle-global` (a global that `host` refuses), `pickle-opcode` (an unsupported opcode),
 *   `pickle-damaged`, `truncated`, `too-large`
 */
export function unpickle(file: string, bytes: Uint8Array, host: PickleHost): PyValue {
  if (bytes.length > longestPickle) {
    throw damageError('too-large', `${file} describes its tensors in ${bytes.length} bytes, far too many.`, {
      file,
      size: bytes.length,
      limit: longestPickle,
    });
  }
  return new Unpickler(file, bytes, host).run();
}

/** The pickle stack machine. */
class Unpickler {
  private readonly file: string;
  private readonly read: PickleReader;
  private readonly host: PickleHost;
  private readonly stack: PyValue[] = [];
  /** Stack heights at open marks. */
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, PyValue>();

  constructor(file: string, bytes: Uint8Array, host: PickleHost) {
    this.file = file;
    this.read = new PickleReader(file, bytes);
    this.host = host;
  }

  run(): PyValue {
    if (this.read.uint8() !== 0x80) throw this.read.damaged('its first byte is wrong');
    this.read.protocol();
    for (;;) {
      const opcode = this.read.uint8();
      if (opcode === 0x2e /* STOP */) return this.pop();
      this.step(opcode);
    }
  }

  private step(opcode: number): void {
    const { stack } = this;
    switch (opcode) {
      case 0x80: // PROTO
        this.read.protocol();
        break;
      case 0x95: // FRAME
        this.read.need(this.read.uint64());
        break;
      case 0x28: // MARK
        this.marks.push(stack.length);
        break;
      case 0x30: // POP
        if (stack.length > this.floor()) stack.pop();
        else this.popMark();
        break;
      case 0x31: // POP_MARK
        this.popMark();
        break;
      case 0x32: // DUP
        stack.push(this.top());
        break;

      case 0x4e: // NONE
        stack.push(null);
        break;
      case 0x88: // NEWTRUE
        stack.push(true);
        break;
      case 0x89: // NEWFALSE
        stack.push(false);
        break;
      case 0x4a: // BININT
        stack.push(this.read.int32());
        break;
      case 0x4b: // BININT1
        stack.push(this.read.uint8());
        break;
      case 0x4d: // BININT2
        stack.push(this.read.uint16());
        break;
      case 0x8a: // LONG1
        stack.push(this.read.long(this.read.uint8()));
        break;
      case 0x8b: // LONG4
        stack.push(this.read.long(this.read.uint32()));
        break;
      case 0x47: // BINFLOAT
        stack.push(this.read.float64());
        break;

      case 0x8c: // SHORT_BINUNICODE
      case 0x55: // SHORT_BINSTRING, which Python 2 wrote
        stack.push(this.read.string(this.read.uint8()));
        break;
      case 0x58: // BINUNICODE
      case 0x54: // BINSTRING, which Python 2 wrote
        stack.push(this.read.string(this.read.uint32()));
        break;
      case 0x8d: // BINUNICODE8
        stack.push(this.read.string(this.read.uint64()));
        break;
      case 0x43: // SHORT_BINBYTES
        stack.push(this.read.raw(this.read.uint8()));
        break;
      case 0x42: // BINBYTES
        stack.push(this.read.raw(this.read.uint32()));
        break;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        stack.push(this.read.raw(this.read.uint64()));
        break;

      case 0x29: // EMPTY_TUPLE
        stack.push(new PyTuple([]));
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        this.tuple(opcode - 0x84);
        break;
      case 0x74: // TUPLE
        stack.push(new PyTuple(this.popMark()));
        break;
      case 0x5d: // EMPTY_LIST
        stack.push(new PyList());
        break;
      case 0x6c: // LIST
        this.list();
        break;
      case 0x61: // APPEND
        this.append([this.pop()]);
        break;
      case 0x65: // APPENDS
        this.append(this.popMark());
        break;
      case 0x7d: // EMPTY_DICT
        stack.push(new PyDict());
        break;
      case 0x64: // DICT
        this.dict();
        break;
      case 0x73: {
        // SETITEM
        const value = this.pop();
        this.setItems([this.pop(), value]);
        break;
      }
      case 0x75: // SETITEMS
        this.setItems(this.popMark());
        break;

      case 0x71: // BINPUT
        this.memo.set(this.read.uint8(), this.top());
        break;
      case 0x72: // LONG_BINPUT
        this.memo.set(this.read.uint32(), this.top());
        break;
      case 0x94: // MEMOIZE
        this.memo.set(this.memo.size, this.top());
        break;
      case 0x68: // BINGET
        stack.push(this.recall(this.read.uint8()));
        break;
      case 0x6a: // LONG_BINGET
        stack.push(this.recall(this.read.uint32()));
        break;

      case 0x63: {
        // GLOBAL
        const module = this.read.line();
        stack.push(this.global(module, this.read.line()));
        break;
      }
      case 0x93: {
        // STACK_GLOBAL
        const name = this.pop();
        const module = this.pop();
        if (typeof name !== 'string' || typeof module !== 'string') {
          throw this.read.damaged('a name is not a string');
        }
        stack.push(this.global(module, name));
        break;
      }
      case 0x51: // BINPERSID
        stack.push(this.host.persistent(this.pop()));
        break;
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        this.call();
        break;
      case 0x62: // BUILD
        this.build();
        break;

      default:
        throw damageError(
          'pickle-opcode',
          `${this.file} uses the pickle operation 0x${opcode.toString(16).padStart(2, '0')}, which no checkpoint needs.`,
          { file: this.file, opcode, at: this.read.at - 1 },
        );
    }
  }

  /** Height of the innermost open mark, below which values are not accessible. */
  private floor(): number {
    return this.marks.at(-1) ?? 0;
  }

  private top(): PyValue {
    const value = this.stack.at(-1);
    if (value === undefined || this.stack.length <= this.floor()) {
      throw this.read.damaged('a value is missing');
    }
    return value;
  }

  private pop(): PyValue {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  private popMark(): PyValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.read.damaged('a mark is missing');
    return this.stack.splice(mark);
  }

  private recall(index: number): PyValue {
    const value = this.memo.get(index);
    if (value === undefined) {
      throw this.read.damaged(`it refers to the object ${index}, which it has not made`);
    }
    return value;
  }

  private tuple(length: number): void {
    const items: PyValue[] = [];
    for (let i = 0; i < length; i++) items.unshift(this.pop());
    this.stack.push(new PyTuple(items));
  }

  private list(): void {
    const items = this.popMark();
    this.stack.push(new PyList());
    this.append(items);
  }

  private append(items: readonly PyValue[]): void {
    const list = this.top();
    if (!(list instanceof PyList)) throw this.read.damaged('it appends to something that is not a list');
    for (const item of items) list.items.push(item);
  }

  private dict(): void {
    const items = this.popMark();
    this.stack.push(new PyDict());
    this.setItems(items);
  }

  private setItems(items: readonly PyValue[]): void {
    const dict = this.top();
    if (!(dict instanceof PyDict)) throw this.read.damaged('it sets a key of something that is not a dict');
    if (items.length % 2 !== 0) throw this.read.damaged('a key has no value');
    for (let i = 0; i + 1 < items.length; i += 2) dict.entries.set(items[i] ?? null, items[i + 1] ?? null);
  }

  private global(module: string, name: string): PyValue {
    const value = this.host.global(module, name);
    if (value !== null) return value;
    const asked = `${module}.${name}`.slice(0, 200);
    throw damageError(
      'pickle-global',
      `${this.file} asks to run or load “${asked}” when it is opened. Drift runs no code out of weight files, so the file was not opened.`,
      { file: this.file, global: asked },
      {
        remedy:
          'Use the .safetensors version of the model, which cannot hold code. Be careful with this file in other programs.',
      },
    );
  }

  private call(): void {
    const args = this.pop();
    const callee = this.pop();
    if (!(callee instanceof PyFunction)) throw this.read.damaged('it calls something that is not a function');
    if (!(args instanceof PyTuple)) throw this.read.damaged(`it calls ${callee.label} without arguments`);
    this.stack.push(callee.call(args.items));
  }

  /** BUILD on a dict sets attributes, such as the `_metadata` of state dicts, which are ignored. */
  private build(): void {
    this.pop();
    if (!(this.top() instanceof PyDict)) {
      throw this.read.damaged('it sets attributes of something that has none');
    }
  }
}
