import { describe, expect, it } from 'vitest';
import { ModelError, isTransient } from '../../../src/base/index.ts';

const failed = (code: string, status?: number) =>
  new ModelError(code, 'It failed.', {
    remedy: 'Try again.',
    details: status === undefined ? {} : { status },
  });

describe('isTransient', () => {
  it.each([408, 425, 429, 500, 502, 503, 504, 520])('is true for HTTP status %i', (status) => {
    expect(isTransient(failed('http-failed', status))).toBe(true);
  });

  it.each([400, 401, 403, 404, 410, 416, 501, 505])('is false for HTTP status %i', (status) => {
    expect(isTransient(failed('http-failed', status))).toBe(false);
  });

  it('is true without a network, and false for other errors', () => {
    expect(isTransient(failed('network'))).toBe(true);
    expect(isTransient(failed('changed', 503))).toBe(false);
    expect(isTransient(new TypeError('network'))).toBe(false);
  });
});
