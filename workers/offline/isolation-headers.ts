/**
 * Adds the headers of cross-origin isolation to a response of the site, for static hosts that set none: browsers allow
 * shared memory, and so WebAssembly threads, only in isolated pages.
 */
export function withIsolationHeaders(response: Response): Response {
  // Redirects of navigations are followed by the browser, which must see the original response.
  if (response.type === 'opaqueredirect' || response.type === 'error') return response;
  const headers = new Headers(response.headers);
  headers.set('Cross-Origin-Opener-Policy', 'same-origin');
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp');
  headers.set('Cross-Origin-Resource-Policy', 'same-origin');
  // The body is already decompressed, so these headers no longer describe it.
  if (headers.has('Content-Encoding')) {
    headers.delete('Content-Encoding');
    headers.delete('Content-Length');
  }
  const { status, statusText } = response;
  const hasBody = ![204, 205, 304].includes(status);
  return new Response(hasBody ? response.body : null, { status, statusText, headers });
}
