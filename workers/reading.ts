import type { OnnxModel, Runtime } from '../src/runtime/index.ts';

/**
 * The same runtime, telling how much of a network's weights has been handed over while the network is loaded. Weights
 * that are in memory as a whole are handed over at once, and nothing is told of them.
 *
 * @param onRead - told the bytes that were read of the network that is being loaded, and how many it has
 */
export function tellingRuntime(runtime: Runtime, onRead: (done: number, of: number) => void): Runtime {
  return {
    get liveSessions() {
      return runtime.liveSessions;
    },
    createSession: (name, model, signal) => runtime.createSession(name, told(model, onRead), signal),
  };
}

function told({ graph, weights }: OnnxModel, onRead: (done: number, of: number) => void): OnnxModel {
  const of = weights.reduce((sum, { data }) => sum + data.byteLength, 0);
  let done = 0;
  return {
    graph,
    weights: weights.map(({ location, data }) => {
      if (data instanceof Uint8Array) return { location, data };
      const read = (offset: number, length: number) => {
        const bytes = data.read(offset, length);
        done = Math.min(of, done + length);
        onRead(done, of);
        return bytes;
      };
      return { location, data: { byteLength: data.byteLength, read } };
    }),
  };
}
