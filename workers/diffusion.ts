/** The diffusion worker: makes frames, so that the page stays free. */
import { createQueue } from '../src/base/index.ts';
import { diffusionApi, serve } from '../src/protocol/index.ts';
import { Engine } from './engine.ts';
import { openMachine } from './machine.ts';

const engine = new Engine(openMachine);
/** There is one model, and one thing at a time is done with it. */
const queue = createQueue();

serve(self, diffusionApi, {
  load: ({ url, backend }, { signal, emit }) =>
    queue.run(signal, async () => ({ value: await engine.load(url, backend, signal, emit), transfer: [] })),
  generate: (input, { signal, emit }) =>
    queue.run(signal, async () => ({ value: await engine.generate(input, signal, emit), transfer: [] })),
  smooth: (input, { signal, emit }) =>
    queue.run(signal, async () => ({ value: await engine.smooth(input, signal, emit), transfer: [] })),
});
