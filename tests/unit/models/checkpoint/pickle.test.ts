import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../../../src/base/index.ts';
import { unpickle } from '../../../../src/models/checkpoint/pickle.ts';
import { PyDict, PyFunction, PyList, PyTuple } from '../../../../src/models/checkpoint/pickle-values.ts';
import type { PyValue } from '../../../../src/models/checkpoint/pickle-values.ts';
import { concat, uint, utf8 } from '../../../support/bytes.ts';
import { op, py } from '../../../support/torch-file.ts';
import type { Ops } from '../../../support/torch-file.ts';

const echo = new PyFunction('test.echo', (args) => new PyTuple(args));
const load = (bytes: Uint8Array) =>
  unpickle('data.pkl', bytes, {
    global: (module, name) => (module === 'test' && name === 'echo' ? echo : null),
    persistent: (id) => new PyTuple(['persistent', id]),
  });

/** Converts Python containers to plain JavaScript for comparison. */
function plain(value: PyValue): unknown {
  if (value instanceof PyList || value instanceof PyTuple) return value.items.map(plain);
  if (value instanceof PyDict) return new Map([...value.entries].map(([k, item]) => [plain(k), plain(item)]));
  return value;
}
const loadPlain = (value: Ops, protocol = 2) => plain(load(py.pickle(value, protocol)));
const loadHex = (hex: string) => plain(load(Uint8Array.from(Buffer.from(hex, 'hex'))));

function refusal(bytes: Uint8Array): CheckpointError {
  try {
    load(bytes);
  } catch (error) {
    if (error instanceof CheckpointError) return error;
    throw error;
  }
  throw new Error('should have been refused');
}

describe('unpickle with plain data', () => {
  // Written by Python 3.11: pickle.dumps(value, protocol), where value is
  // {'a': [1, 300, 70000, -5, 2**40, -2**70], 'b': (True, False, None), 'ü': {'x': 0.1}, 't': ((), (1,), (1, 2), (1, 2, 3, 4))}
  const written: Record<number, string> = {
    2: '80027d71002858010000006171015d7102284b014d2c014a701101004afbffffff8a060000000000018a090000000000000000c065580100000062710388894e8771045802000000c3bc71057d71065801000000787107473fb999999999999a73580100000074710828294b018571094b014b0286710a284b014b024b034b0474710b74710c752e',
    3: '80037d71002858010000006171015d7102284b014d2c014a701101004afbffffff8a060000000000018a090000000000000000c065580100000062710388894e8771045802000000c3bc71057d71065801000000787107473fb999999999999a73580100000074710828294b018571094b014b0286710a284b014b024b034b0474710b74710c752e',
    4: '8004956a000000000000007d94288c0161945d94284b014d2c014a701101004afbffffff8a060000000000018a090000000000000000c0658c01629488894e87948c02c3bc947d948c017894473fb999999999999a738c01749428294b0185944b014b028694284b014b024b034b0474947494752e',
    5: '8005956a000000000000007d94288c0161945d94284b014d2c014a701101004afbffffff8a060000000000018a090000000000000000c0658c01629488894e87948c02c3bc947d948c017894473fb999999999999a738c01749428294b0185944b014b028694284b014b024b034b0474947494752e',
  };

  it.each(Object.keys(written).map(Number))('reads protocol %i as written by Python', (protocol) => {
    expect(loadHex(written[protocol] ?? '')).toEqual(
      new Map<string, unknown>([
        ['a', [1, 300, 70000, -5, 2 ** 40, -(2n ** 70n)]],
        ['b', [true, false, null]],
        ['ü', new Map([['x', 0.1]])],
        ['t', [[], [1], [1, 2], [1, 2, 3, 4]]],
      ]),
    );
  });

  it.each<[string, Ops, unknown]>([
    ['LONG1 of no bytes', op(0x8a, 0), 0],
    ['LONG1, negative', op(0x8a, 1, 0xff), -1],
    ['LONG4', concat(op(0x8b), uint(4, 2), op(0, 1)), 256],
    ['SHORT_BINSTRING of Python 2', concat(op(0x55, 2), utf8('hi')), 'hi'],
    ['BINSTRING of Python 2', concat(op(0x54), uint(4, 2), utf8('hi')), 'hi'],
    ['SHORT_BINBYTES', op(0x43, 2, 1, 2), Uint8Array.of(1, 2)],
    ['BINBYTES', concat(op(0x42), uint(4, 1), op(9)), Uint8Array.of(9)],
    ['BINBYTES8', concat(op(0x8e), uint(8, 1), op(9)), Uint8Array.of(9)],
    ['BYTEARRAY8', concat(op(0x96), uint(8, 1), op(9)), Uint8Array.of(9)],
    ['BINUNICODE8', concat(op(0x8d), uint(8, 2), utf8('hi')), 'hi'],
    ['LIST', concat(op(0x28), py.integer(1), op(0x6c)), [1]],
    ['DICT', concat(op(0x28), py.integer(1), py.integer(2), op(0x64)), new Map([[1, 2]])],
    [
      'APPEND and SETITEM',
      concat(op(0x5d), op(0x7d), py.integer(1), py.integer(2), op(0x73, 0x61)),
      [new Map([[1, 2]])],
    ],
    ['DUP and POP', concat(py.integer(1), op(0x32, 0x30)), 1],
    ['POP of a mark', concat(py.integer(1), op(0x28, 0x30)), 1],
    ['POP_MARK', concat(py.integer(1), op(0x28), py.integer(2), op(0x31)), 1],
    ['a memo by number', concat(py.string('a'), op(0x71, 7, 0x68, 7, 0x86)), ['a', 'a']],
    [
      'a memo by a large number',
      concat(py.string('a'), op(0x72), uint(4, 70000), op(0x6a), uint(4, 70000), op(0x86)),
      ['a', 'a'],
    ],
    [
      'MEMOIZE',
      concat(py.string('a'), op(0x94), py.string('b'), op(0x94, 0x68, 0, 0x68, 1, 0x87, 0x86)),
      ['a', ['b', 'a', 'b']],
    ],
    ['REDUCE', py.reduce(py.global('test', 'echo'), py.tuple(py.integer(4))), [4]],
    ['NEWOBJ', concat(py.global('test', 'echo'), py.emptyTuple, op(0x81)), []],
    ['STACK_GLOBAL', py.reduce(concat(py.string('test'), py.string('echo'), op(0x93)), py.emptyTuple), []],
    ['BINPERSID', py.persistent(py.integer(5)), ['persistent', 5]],
    [
      'BUILD of a dict’s attributes',
      concat(py.dict(), py.dict([py.string('_metadata'), py.none]), op(0x62)),
      new Map(),
    ],
  ])('reads %s', (_, ops, value) => {
    expect(loadPlain(ops, 5)).toEqual(value);
  });

  it('supports self-references and a nesting depth of a million', () => {
    const itself = load(py.pickle(concat(op(0x5d, 0x71, 0, 0x68, 0, 0x61))));
    expect(itself instanceof PyList && itself.items[0] === itself).toBe(true);
    const deep = load(py.pickle(concat(op(0x5d), new Uint8Array(1_000_000).fill(0x85))));
    expect(deep instanceof PyTuple && deep.items.length === 1).toBe(true);
  });

  it('is safe from prototype pollution by dict keys', () => {
    const value = load(
      py.pickle(py.dict([py.string('__proto__'), py.dict([py.string('polluted'), py.boolean(true)])])),
    );
    expect(value instanceof PyDict && value.entries.has('__proto__')).toBe(true);
    expect(Reflect.has({}, 'polluted')).toBe(false);
    expect(value instanceof PyDict && Reflect.has(value, 'polluted')).toBe(false);
  });
});

describe('unpickle rejects a pickle that', () => {
  it.each([
    ['os', 'system'],
    ['posix', 'system'],
    ['builtins', 'eval'],
    ['torch.storage', '_load_from_bytes'],
    ['_codecs', 'encode'],
    ['__proto__', 'constructor'],
  ])('imports %s.%s, by either opcode', (module, name) => {
    const stacked = concat(py.string(module), py.string(name), op(0x93));
    for (const ops of [py.global(module, name), stacked]) {
      const error = refusal(py.pickle(ops, 4));
      expect(error.code).toBe('pickle-global');
      expect(error.details.global).toBe(`${module}.${name}`);
    }
  });

  it.each([
    0x49, 0x4c, 0x46, 0x53, 0x56, 0x50, 0x69, 0x6f, 0x82, 0x83, 0x84, 0x8f, 0x90, 0x91, 0x92, 0x97, 0x98,
    0x00, 0xff,
  ])('has the unsupported opcode %i, naming it', (opcode) => {
    const error = refusal(concat(op(0x80, 2), op(opcode), utf8('1\n1\n.')));
    expect(error).toMatchObject({ code: 'pickle-opcode', details: { opcode, at: 2 } });
    expect(error.message).toContain(`0x${opcode.toString(16).padStart(2, '0')}`);
  });

  it('is truncated, at any length', () => {
    const whole = py.pickle(
      concat(
        op(0x95),
        uint(8, 0),
        py.tuple(
          py.string('text'),
          py.integer(70000),
          py.integer(2 ** 40),
          py.reduce(py.global('test', 'echo'), py.emptyTuple),
          py.list(py.integer(300)),
        ),
      ),
      4,
    );
    expect(plain(load(whole))).toEqual(['text', 70000, 2 ** 40, [], [300]]);
    for (let length = 0; length < whole.length; length++) {
      expect(refusal(whole.subarray(0, length)), `${length} bytes`).toMatchObject({ code: 'truncated' });
    }
  });

  it.each<[string, Uint8Array]>([
    ['does not begin with its protocol', concat(py.integer(1), op(0x2e))],
    ['is of protocol 1', py.pickle(py.none, 1)],
    ['is of protocol 6', py.pickle(py.none, 6)],
    ['ends with an empty stack', op(0x80, 2, 0x2e)],
    ['ends at an open mark', op(0x80, 2, 0x4e, 0x28, 0x2e)],
    ['pops from an empty stack', op(0x80, 2, 0x30, 0x2e)],
    ['pops from below a mark', op(0x80, 2, 0x5d, 0x28, 0x61, 0x2e)],
    ['closes a mark that was not set', op(0x80, 2, 0x74, 0x2e)],
    ['reads an unset memo', op(0x80, 2, 0x68, 3, 0x2e)],
    ['appends to a number', py.pickle(concat(py.integer(1), py.integer(2), op(0x61)))],
    ['sets a key of a list', py.pickle(concat(op(0x5d), py.integer(1), py.integer(2), op(0x73)))],
    ['has a key without a value', py.pickle(concat(op(0x7d, 0x28), py.integer(1), op(0x75)))],
    ['calls a string', py.pickle(py.reduce(py.string('eval'), py.emptyTuple))],
    ['calls with a list', py.pickle(py.reduce(py.global('test', 'echo'), py.list()))],
    ['sets attributes of a function', py.pickle(concat(py.global('test', 'echo'), py.dict(), op(0x62)))],
    ['names a global by a number', py.pickle(concat(py.integer(1), py.string('x'), op(0x93)), 4)],
    ['has a string that is not UTF-8', py.pickle(concat(op(0x58), uint(4, 1), op(0xff)))],
    ['has an integer of 65 bytes', py.pickle(concat(op(0x8a, 65), new Uint8Array(65)))],
  ])('%s', (_, bytes) => {
    expect(refusal(bytes).code).toBe('pickle-damaged');
  });

  it('has lengths out of bounds', () => {
    const huge = new Uint8Array(8).fill(0xff);
    for (const opcode of [0x8d, 0x8e, 0x95, 0x96]) {
      expect(refusal(concat(op(0x80, 4, opcode), huge)).code).toBe('truncated');
    }
    expect(refusal(concat(op(0x80, 4, 0x95), uint(8, 3), op(0x4e, 0x2e))).code).toBe('truncated');
    expect(refusal(new Uint8Array(16 * 2 ** 20 + 1)).code).toBe('too-large');
  });
});
