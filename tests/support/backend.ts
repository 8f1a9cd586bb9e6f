import { openNodeBackend } from '../../tools/node-runtime.ts';
import type { NodeBackend, NodeBackendOptions } from '../../tools/node-runtime.ts';

/**
 * The backend that a test is about.
 *
 * @throws Error that says why this machine has none, since the test cannot do without
 */
export async function backendFor(
  kind: 'cpu' | 'webgpu',
  options: NodeBackendOptions = {},
): Promise<NodeBackend> {
  const opened = await openNodeBackend(kind, options);
  if ('reason' in opened) throw new Error(opened.reason);
  return opened;
}
