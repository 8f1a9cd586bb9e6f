import { expect } from 'vitest';
import { openNodeBackend } from '../../tools/node-runtime.ts';
import type { NodeBackend, NodeBackendOptions } from '../../tools/node-runtime.ts';

/**
 * Opens the backend that a test requires.
 *
 * @throws Error with the reason if this machine does not have it
 */
export async function backendFor(
  kind: 'cpu' | 'webgpu',
  options: NodeBackendOptions = {},
): Promise<NodeBackend> {
  const opened = await openNodeBackend(kind, options);
  if ('reason' in opened) throw new Error(opened.reason);
  return opened;
}

/** Disposes a backend, on which the tests must have freed everything. */
export function closeBackend(backend: NodeBackend): void {
  expect(backend.runtime.liveSessions).toBe(0);
  expect(backend.compute.liveTensors).toBe(0);
  backend.dispose();
}
