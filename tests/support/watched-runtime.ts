import type { DeviceTensor } from '../../src/compute/index.ts';
import type { OnnxModel, Runtime, Session } from '../../src/runtime/index.ts';

/** Runtime that records calls, with hooks that can fail them. */
export class WatchedRuntime implements Runtime {
  readonly #runtime: Runtime;
  /** Names of networks in the order in which they were loaded; `runs` in the order in which they ran. */
  readonly created: string[] = [];
  readonly runs: string[] = [];
  /** Tensors allocated by networks and not disposed before their sessions: dangling on a GPU. */
  orphans = 0;
  /** Called before each run, which fails if this throws. */
  onRun: (name: string, inputs: Parameters<Session['run']>[0]) => void = () => undefined;
  /** Called before a network is loaded. */
  onCreate: (name: string) => void = () => undefined;
  /** Called before a network is freed. */
  onRelease: (name: string) => void = () => undefined;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  get liveSessions(): number {
    return this.#runtime.liveSessions;
  }

  /** Number of runs of a network. */
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
        this.onRelease(name);
        this.orphans += allocated.size;
        allocated.clear();
        await session.release();
      },
    };
  }
}
