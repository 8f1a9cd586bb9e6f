/**
 * Whether the page was opened by plain http from another machine. Browsers withhold WebGPU, the origin private file system,
 * Web Locks, `crypto.subtle` and the clipboard there, in workers too. False outside of browsers.
 */
export function isInsecureContext(): boolean {
  return 'isSecureContext' in globalThis && !globalThis.isSecureContext;
}

/** Remedy of errors that an insecure context causes. */
export const insecureRemedy =
  'Open Drift by https, or as localhost on the machine that serves it: browsers allow this at secure addresses only.';
