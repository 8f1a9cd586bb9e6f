import { describe, expect, test } from 'vitest';
import { withIsolationHeaders } from '../../../../workers/offline/isolation-headers.ts';

describe('isolated', () => {
  test('adds the headers of cross-origin isolation and keeps the rest', async () => {
    const response = withIsolationHeaders(
      new Response('body', {
        status: 206,
        headers: { 'Content-Range': 'bytes 0-3/9', 'Content-Type': 'text/css' },
      }),
    );
    expect(response.status).toBe(206);
    expect(await response.text()).toBe('body');
    expect(Object.fromEntries(response.headers)).toEqual({
      'content-range': 'bytes 0-3/9',
      'content-type': 'text/css',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
  });

  test('removes the length of a body that is already decoded', () => {
    const headers = { 'Content-Encoding': 'gzip', 'Content-Length': '3' };
    const response = withIsolationHeaders(new Response('longer than that', { headers }));
    expect(response.headers.has('Content-Encoding')).toBe(false);
    expect(response.headers.has('Content-Length')).toBe(false);
  });

  test('passes on responses without a body, and network errors', () => {
    expect(withIsolationHeaders(new Response(null, { status: 304 })).status).toBe(304);
    const failed = Response.error();
    expect(withIsolationHeaders(failed)).toBe(failed);
  });
});
