import type { DeviceTensor } from '../../src/compute/index.ts';
import type { OnnxModel, Runtime, Session } from '../../src/runtime/index.ts';

/** A runtime that writes down what is done with it, and fails where it is told to. */
export class WatchedRuntime implements Runtime {
  readonly #runtime: Runtime;
  /** Names of the networks in the order in which they were loaded, and in which they were run. */
  readonly created: string[] = [];
  readonly runs: string[] = [];
  /** Tensors that networks had allocated and that were there when their sessions were released: on a GPU, ruins. */
  orphans = 0;
  /** Called before a network is run; what it throws is what the run throws. */
  onRun: (name: string, inputs: Parameters<Session['run']>[0]) => void = () => undefined;
  /** Called before a network is loaded. */
  onCreate: (name: string) => void = () => undefined;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  get liveSessions(): number {
    return this.#runtime.liveSessions;
  }

  /** How often a network has run. */
  count(name: string): number {
    return this.runs.filter((run) => run === name).length;
  }

  async createSession(name: string, model: OnnxModel, signal?: AbortSignal): Promise<Session> {
    this.onCreate(name);
    const session = await this.#runtime.createSession(name, model, signal);
    this.created.push(name);
    const allocated = new Set<DeviceTensor>();
    return {
      inputs: session.inputs,
      outputs: session.outputs,
      run: async (inputs, outputs = {}) => {
        this.runs.push(name);
        this.onRun(name, inputs);
        const results = await session.run(inputs, outputs);
        return Object.fromEntries(
          Object.entries(results).map(([output, tensor]) => {
            if (outputs[output]) return [output, tensor];
            allocated.add(tensor);
            const dispose = () => {
              allocated.delete(tensor);
              tensor.dispose();
            };
            return [output, { ...tensor, dispose }];
          }),
        );
      },
      release: async () => {
        this.orphans += allocated.size;
        allocated.clear();
        await session.release();
      },
    };
  }
}
