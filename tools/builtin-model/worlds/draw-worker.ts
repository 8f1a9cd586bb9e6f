/** Drawing thread: receives the index of a picture, and answers with it and the picture's RGB bytes. */
import { parentPort, workerData } from 'node:worker_threads';
import * as v from 'valibot';
import { rasterise } from './raster.ts';
import { sceneAt } from './collection.ts';

const { seed, layouts, pixels } = v.parse(
  v.object({
    seed: v.string(),
    /** Layouts per scene. */
    layouts: v.number(),
    /** Side of a picture in pixels. */
    pixels: v.number(),
  }),
  workerData,
);

parentPort?.on('message', (message: unknown) => {
  const index = v.parse(v.number(), message);
  const rgba = rasterise(sceneAt(seed, index, layouts), pixels);
  const rgb = new Uint8Array(pixels * pixels * 3);
  for (let i = 0; i < pixels * pixels; i++) {
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = rgba[4 * i + c] ?? 0;
  }
  parentPort?.postMessage({ index, rgb }, [rgb.buffer]);
});
