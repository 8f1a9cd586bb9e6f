import * as v from 'valibot';
import { InputError } from '../../../src/base/index.ts';
import { readRig } from '../../../tests/rig/machines.ts';
import { median, pageSpeed } from '../../page-speed.ts';
import { defineMeasure } from './measure.ts';
import { serveFolder } from './serve.ts';

const rounds = 3;
const frames = 3;

/** Limits without a GPU: megabytes (10⁶ bytes) and seconds. */
const limits = { megabytes: 25, ready: 3, frame: 3 };

/**
 * Loading and frame times of the built page in Chromium without a GPU: size of the model's files, time until the model
 * is ready, and time per frame with the model's default settings.
 */
export const timing = defineMeasure({
  name: 'timing',
  needs: [],
  schema: v.object({ bytes: v.number(), secondsToReady: v.number(), secondsPerFrame: v.number() }),
  run: async ({ model }) => {
    const machine = readRig()?.machines.find(({ name }) => name === 'cpu');
    if (!machine) {
      throw new InputError('no-browser', 'There is no browser to time the page in.', {
        remedy: 'Run "npm test -- prepare" and "npm run build" once, or leave timing out with --only.',
      });
    }
    const server = await serveFolder(model.folder);
    try {
      const url = `${server.url}model.json`;
      const visits = await pageSpeed(machine, { backend: 'cpu', rounds, frames, model: url });
      return {
        bytes: server.bytesRequested(),
        secondsToReady: median(visits.map(({ ready }) => ready)),
        secondsPerFrame: median(visits.flatMap((visit) => visit.frames)),
      };
    } finally {
      await server.close();
    }
  },
  rows: ({ bytes, secondsToReady, secondsPerFrame }) => {
    const below = (limit: number, value: number, unit: string) => ({
      limit: `at most ${limit} ${unit}`,
      met: value <= limit,
    });
    return [
      {
        label: "The page: the model's files that it loads",
        result: `${(bytes / 1e6).toFixed(1)} MB`,
        wanted: below(limits.megabytes, bytes / 1e6, 'MB'),
      },
      {
        label: 'The page on localhost without a GPU: ready',
        result: `after ${secondsToReady.toFixed(2)} s`,
        wanted: below(limits.ready, secondsToReady, 's'),
      },
      {
        label: 'The page without a GPU: a frame at the default steps',
        result: `${secondsPerFrame.toFixed(2)} s`,
        wanted: below(limits.frame, secondsPerFrame, 's'),
      },
    ];
  },
});
