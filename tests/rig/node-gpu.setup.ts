import { afterAll } from 'vitest';
import { openNodeGpu } from '../../tools/node-gpu.ts';

/** Setup of Vitest's project `gpu`: provides `navigator.gpu` and the GPU globals, as in a browser's worker. */
const opened = await openNodeGpu();
if (opened.gpu === null) {
  throw new Error(`The GPU tests need a Vulkan driver, and ${opened.reason}. Run "npm test" to install it.`);
}
afterAll(() => {
  opened.dispose();
});
