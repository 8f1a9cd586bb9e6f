import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import {
  CheckpointError,
  DeviceError,
  DriftError,
  InputError,
  MediaError,
  ModelError,
  ProjectError,
  SettingsError,
  StorageError,
  WorkerError,
  errorFromWire,
  errorToWire,
  isAbort,
  wireErrorSchema,
} from '../../../src/base/index.ts';

const classes = [
  DriftError,
  CheckpointError,
  DeviceError,
  InputError,
  MediaError,
  ModelError,
  ProjectError,
  SettingsError,
  StorageError,
  WorkerError,
];

/** An error after crossing a worker boundary: cloned, and validated by its schema. */
const cross = (error: unknown): Error =>
  errorFromWire(v.parse(wireErrorSchema, structuredClone(errorToWire(error))));

describe('an error that crosses a worker boundary', () => {
  it.each(classes)('%o keeps its class, message, code, remedy and details', (Class) => {
    const detail = fc.oneof(fc.string(), fc.double(), fc.integer(), fc.boolean(), fc.constant(null));
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.string(),
        fc.dictionary(fc.stringMatching(/^[a-z]\w*$/), detail),
        (code, message, remedy, details) => {
          const error = new Class(code, message, { remedy, details, cause: new Error('deeper') });
          const back = cross(error);
          expect(back).toBeInstanceOf(Class);
          expect(back).toBeInstanceOf(DriftError);
          expect(Object.getPrototypeOf(back)).toBe(Class.prototype);
          expect(back).toMatchObject({ name: error.name, code, message, remedy, stack: error.stack });
          expect(back instanceof DriftError && back.details).toEqual(details);
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each([Number.NaN, Infinity, -0, ''])('%o is preserved in its details', (value) => {
    const back = cross(new SettingsError('code', 'message', { remedy: 'remedy', details: { value } }));
    expect(back instanceof DriftError && back.details['value']).toBe(value);
  });

  it('an abort stays an abort and not a DriftError', () => {
    for (const stop of [new DOMException('Enough.', 'AbortError'), AbortSignal.abort().reason]) {
      const back = cross(stop);
      expect(isAbort(back)).toBe(true);
      expect(back).not.toBeInstanceOf(DriftError);
    }
  });

  it.each([
    ['a plain error', new Error('went wrong'), 'went wrong'],
    ['a built-in error', new TypeError('no function'), 'no function'],
    ['a DOMException', new DOMException('full', 'QuotaExceededError'), 'full'],
    ['a string', 'words', 'words'],
    ['a number', 7, '7'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a symbol', Symbol('sign'), 'Symbol(sign)'],
    ['an object', { some: 'thing' }, '[object Object]'],
  ])('%s becomes an unexpected WorkerError with its message', (_, thrown, message) => {
    const back = cross(thrown);
    expect(back).toBeInstanceOf(WorkerError);
    expect(back).toMatchObject({ code: 'unexpected', message, details: {} });
    expect(back instanceof WorkerError && back.remedy).toContain('Try again');
  });

  it.each([
    ['cannot be converted to a string', Object.create(null)],
    [
      'throws in toString()',
      {
        toString() {
          throw new Error('no');
        },
      },
    ],
  ])('a thrown value that %s becomes a WorkerError', (_, thrown) => {
    const back = cross(thrown);
    expect(back).toBeInstanceOf(WorkerError);
    expect(back.message).not.toBe('');
  });

  it('of an unknown class becomes a WorkerError', () => {
    for (const name of ['TomorrowError', 'constructor', '__proto__', 'toString']) {
      const wire = { name, message: 'm', code: 'c', remedy: 'r', details: {} };
      expect(errorFromWire(wire)).toBeInstanceOf(WorkerError);
    }
  });

  it.each([
    {},
    { name: 'DriftError', message: 'm', code: 'c', remedy: 'r' },
    { name: 'DriftError', message: 1, code: 'c', remedy: 'r', details: {} },
    { name: 'DriftError', message: 'm', code: 'c', remedy: 'r', details: { list: [1] } },
  ])('is rejected by the schema when malformed: %j', (wire) => {
    expect(v.safeParse(wireErrorSchema, wire).success).toBe(false);
  });
});

describe('isAbort', () => {
  it('is true for an AbortError DOMException only', () => {
    expect(isAbort(new DOMException('', 'AbortError'))).toBe(true);
    for (const other of [
      new DOMException('', 'TimeoutError'),
      Object.assign(new Error('Stopped'), { name: 'AbortError' }),
      'AbortError',
      undefined,
    ]) {
      expect(isAbort(other)).toBe(false);
    }
  });
});
