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

/** An error as the other side of a worker's border gets it: cloned, and believed only as far as its schema goes. */
const cross = (error: unknown): Error =>
  errorFromWire(v.parse(wireErrorSchema, structuredClone(errorToWire(error))));

describe('an error that crosses a worker’s border', () => {
  it.each(classes)('%o stays what it is', (Class) => {
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

  it.each([Number.NaN, Infinity, -0, ''])('%o stays a detail of it', (value) => {
    const back = cross(new SettingsError('code', 'message', { remedy: 'remedy', details: { value } }));
    expect(back instanceof DriftError && back.details['value']).toBe(value);
  });

  it('a stop stays a stop, and is no error of Drift’s', () => {
    for (const stop of [new DOMException('Enough.', 'AbortError'), AbortSignal.abort().reason]) {
      const back = cross(stop);
      expect(isAbort(back)).toBe(true);
      expect(back).not.toBeInstanceOf(DriftError);
    }
  });

  it.each([
    ['a plain error', new Error('went wrong'), 'went wrong'],
    ['a kind of error of the platform’s', new TypeError('no function'), 'no function'],
    ['another exception of the platform’s', new DOMException('full', 'QuotaExceededError'), 'full'],
    ['a string', 'words', 'words'],
    ['a number', 7, '7'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a symbol', Symbol('sign'), 'Symbol(sign)'],
    ['an object', { some: 'thing' }, '[object Object]'],
  ])('%s becomes an unexpected error of the worker with its message', (_, thrown, message) => {
    const back = cross(thrown);
    expect(back).toBeInstanceOf(WorkerError);
    expect(back).toMatchObject({ code: 'unexpected', message, details: {} });
    expect(back instanceof WorkerError && back.remedy).toContain('Try again');
  });

  it.each([
    ['has no way to become words', Object.create(null)],
    [
      'throws when it is looked at',
      {
        toString() {
          throw new Error('no');
        },
      },
    ],
  ])('what %s is told all the same', (_, thrown) => {
    const back = cross(thrown);
    expect(back).toBeInstanceOf(WorkerError);
    expect(back.message).not.toBe('');
  });

  it('of a class that this side does not know is the worker’s', () => {
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
  ])('is refused where it is none: %j', (wire) => {
    expect(v.safeParse(wireErrorSchema, wire).success).toBe(false);
  });
});

describe('isAbort', () => {
  it('knows a stop from everything that looks like one', () => {
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
