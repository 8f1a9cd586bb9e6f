/** Entry point of the diffusion worker. */
import { createQueue } from '../src/base/index.ts';
import { diffusionApi, serve } from '../src/protocol/index.ts';
import { Engine } from './engine.ts';
import { openBackend } from './backend.ts';
import { privateModelStorage } from './model-files.ts';
import { Picking } from './picking.ts';

const engine = new Engine(openBackend, privateModelStorage());
const picking = new Picking((round, watch) => engine.round(round, watch));
/** Serialises all work: there is one model. */
const queue = createQueue();

serve(self, diffusionApi, {
  load: ({ model, backend, ...options }, { signal, emit }) => {
    picking.close();
    return queue.run(signal, async () => ({
      value: await engine.load(model, backend, signal, emit, options),
      transfer: [],
    }));
  },
  generate: (input, { signal, emit }) => {
    picking.close();
    return queue.run(signal, async () => ({
      value: await engine.generate(input, signal, emit),
      transfer: [],
    }));
  },
  smooth: (input, { signal, emit }) => {
    picking.close();
    return queue.run(signal, async () => ({
      value: await engine.smooth(input, signal, emit),
      transfer: [],
    }));
  },
  // Opened before its turn in the queue, so that rounds can be requested at once.
  pick: (activity, { signal, emit }) => {
    const session = picking.open(activity, emit);
    return queue
      .run(signal, async () => ({
        value: await engine.withNotices(session.emit, () => session.run(signal)),
        transfer: [],
      }))
      .finally(session.close);
  },
  pickRound: async (round, { signal, emit }) => {
    await picking.round(round, signal, emit);
    return { value: {}, transfer: [] };
  },
  usedFiles: () => {
    const urls = performance.getEntriesByType('resource').map(({ name }) => name);
    return Promise.resolve({ value: [...new Set(urls)], transfer: [] });
  },
  pickActivity: (activity) => {
    picking.setActivity(activity);
    return Promise.resolve({ value: {}, transfer: [] });
  },
});
