import type { OnnxModel, Runtime } from '../src/runtime/index.ts';

/**
 * Wraps a runtime to report how much of a network's weights has been read while it is loaded. Weights entirely in memory
 * are not reported.
 *
 * @param onRead Called with the bytes read of the current network, and their total.
 */
export function withReadProgress(runtime: Runtime, onRead: (done: number, of: number) => void): Runtime {
  return {
    get liveSessions() {
      return runtime.liveSessions;
    },
    createSession: (name, model, signal) =>
      runtime.createSession(name, reportingReads(model, onRead), signal),
  };
}

function reportingReads(
  { graph, weights }: OnnxModel,
  onRead: (done: number, of: number) => void,
): OnnxModel {
  const of = weights.reduce((sum, { data }) => sum + data.byteLength, 0);
  let done = 0;
  return {
    graph,
    weights: weights.map(({ location, data }) => {
      if (data instanceof Uint8Array) return { location, data };
      const read = (offset: number, length: number) => {
        const bytes = data.read(offset, length);
        // A weight that is used twice may be read twice.
        const more = Math.min(of, done + length);
        if (more > done) onRead(more, of);
        done = more;
        return bytes;
      };
      return { location, data: { byteLength: data.byteLength, read } };
    }),
  };
}
