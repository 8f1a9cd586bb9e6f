import { InputError } from '../../../src/base/index.ts';
import { readRig } from '../../../tests/rig/machines.ts';
import { median, pageSpeed } from '../../page-speed.ts';
import type { Measured } from './measure.ts';
import { serveFolder } from './serve.ts';

const rounds = 3;
const frames = 3;

/**
 * How long a visitor without a GPU waits, in the built page in Chromium: until the model is ready, and for each frame
 * at the model's own settings.
 *
 * @throws InputError `no-browser`
 */
export async function measureTiming(modelFolder: string): Promise<Measured> {
  const machine = readRig()?.machines.find(({ name }) => name === 'cpu');
  if (!machine) {
    throw new InputError('no-browser', 'There is no browser to time the page in.', {
      remedy: 'Run "npm test -- prepare" and "npm run build" once, or leave timing out with --only.',
    });
  }
  const server = await serveFolder(modelFolder);
  try {
    const model = `${server.url}model.json`;
    const visits = await pageSpeed(machine, { backend: 'cpu', rounds, frames, model });
    const values = {
      secondsToReady: median(visits.map(({ ready }) => ready)),
      secondsAFrame: median(visits.flatMap((visit) => visit.frames)),
    };
    return {
      line: `in the page, without a GPU: ready after ${values.secondsToReady.toFixed(2)} s, a frame ${values.secondsAFrame.toFixed(2)} s`,
      values,
    };
  } finally {
    await server.close();
  }
}
