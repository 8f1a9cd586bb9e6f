import type { Page } from '@playwright/test';
import { expect, test, withoutH264 } from './fixtures.ts';

/** GPU support and isolation as seen by a dedicated worker, where all of Drift's computation runs. */
function askWorker(page: Page): Promise<unknown> {
  return page.evaluate(() => {
    const ask = async (): Promise<void> => {
      const adapter = await navigator.gpu.requestAdapter();
      let machine = 'cpu';
      if (adapter !== null) {
        const device = await adapter.requestDevice();
        device.destroy();
        machine = adapter.features.has('shader-f16') ? 'float16' : 'float32';
      }
      const config = { codec: 'avc1.42001f', width: 512, height: 512 };
      const { supported } = await VideoEncoder.isConfigSupported(config);
      self.postMessage({ machine, isolated: self.crossOriginIsolated, h264: supported });
    };
    const url = URL.createObjectURL(new Blob([`(${ask.toString()})()`], { type: 'text/javascript' }));
    return new Promise((resolve, reject) => {
      const worker = new Worker(url);
      worker.onmessage = ({ data }) => {
        worker.terminate();
        URL.revokeObjectURL(url);
        resolve(data);
      };
      worker.onerror = ({ message }) => {
        reject(new Error(message));
      };
    });
  });
}

test('the browser has the GPU of its project, in workers too', async ({ page, machine }) => {
  await page.goto('/');
  expect(await askWorker(page)).toEqual({ machine, isolated: true, h264: true });
});

test(
  'a browser can be started without an H.264 encoder',
  { tag: '@cpu' },
  async ({ openBrowser, machine }) => {
    const page = await openBrowser(withoutH264);
    await page.goto('/');
    expect(await askWorker(page)).toEqual({ machine, isolated: true, h264: false });
  },
);
