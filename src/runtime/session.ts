import type { InferenceSession } from 'onnxruntime-web/webgpu';
import { DeviceError, DriftError, ModelError, createQueue } from '../base/index.ts';
import type { Queue } from '../base/index.ts';
import type { CpuTensor, DeviceTensor } from '../compute/index.ts';
import { externalData } from './external-data.ts';
import type { OrtModule } from './load.ts';
import { elementType, fromOrt, toOrt } from './tensors.ts';
import type { OnnxModel, Port, Runtime, Session, TokenTensor } from './types.ts';

/**
 * Creates a runtime on the GPU device shared with ONNX Runtime or, with null, on the CPU.
 *
 * ONNX Runtime can neither create two sessions nor run two networks concurrently, so both are queued.
 */
export function createRuntime(ort: OrtModule, device: GPUDevice | null): Runtime {
  let live = 0;
  const queue = createQueue();
  const provider = device
    ? // Shapes are fixed, so buffers are reused at exactly the same size.
      ({ name: 'webgpu', device, storageBufferCacheMode: 'simple' } as const)
    : ({ name: 'wasm' } as const);

  return {
    get liveSessions() {
      return live;
    },

    async createSession(name: string, model: OnnxModel, signal?: AbortSignal): Promise<Session> {
      const session = await queue.run(signal, async () => {
        const external = externalData(model.weights);
        try {
          return await ort.InferenceSession.create(model.graph, {
            executionProviders: [provider],
            ...(device ? { preferredOutputLocation: 'gpu-buffer' as const } : {}),
            externalData: external.files,
            graphOptimizationLevel: 'all',
            logSeverityLevel: 3,
          });
        } catch (error) {
          external.throwFailure();
          throw sessionFailed(name, error);
        } finally {
          external.free();
        }
      });
      live++;
      const release = async () => {
        try {
          await queue.run(undefined, () => session.release());
        } finally {
          live--;
        }
      };
      try {
        signal?.throwIfAborted();
        return wrap(ort, name, session, queue, release);
      } catch (error) {
        await release();
        throw error;
      }
    },
  };
}

/** Adapts ONNX Runtime's session: converts tensors, queues runs, and adds the network's name to errors. */
function wrap(
  ort: OrtModule,
  name: string,
  session: InferenceSession,
  queue: Queue,
  release: () => Promise<void>,
): Session {
  let released = false;
  return {
    inputs: session.inputMetadata.map(toPort),
    outputs: session.outputMetadata.map(toPort),

    async run(inputs, outputs = {}) {
      return queue.run(undefined, async () => {
        const feeds = mapValues(inputs, (tensor) =>
          tensor.device === 'memory' ? new ort.Tensor('int64', tensor.data, tensor.dims) : toOrt(ort, tensor),
        );
        const fetches = {
          ...Object.fromEntries(session.outputNames.map((output) => [output, null])),
          ...mapValues(inPlace(outputs), (tensor) => toOrt(ort, tensor)),
        };
        try {
          const results = await session.run(feeds, fetches);
          return Object.fromEntries(
            Object.entries(results).map(([output, tensor]) => {
              const given = outputs[output];
              if (!given) return [output, fromOrt(tensor)];
              if (given.device === 'cpu') copyInto(given, fromOrt(tensor));
              return [output, given];
            }),
          );
        } catch (error) {
          throw runFailed(name, inputs, error);
        }
      });
    },

    async release() {
      if (released) return;
      released = true;
      await release();
    },
  };
}

/** On the CPU, ONNX Runtime ignores preallocated outputs, so results are copied afterwards instead. */
function inPlace(outputs: Readonly<Record<string, DeviceTensor>>): Record<string, DeviceTensor> {
  return Object.fromEntries(Object.entries(outputs).filter(([, tensor]) => tensor.device === 'webgpu'));
}

function copyInto(target: CpuTensor, source: DeviceTensor): void {
  if (source.dims.join() !== target.dims.join()) {
    throw new RangeError(
      `the result is [${source.dims.join(', ')}] and its output tensor [${target.dims.join(', ')}]`,
    );
  }
  if (source.device === 'cpu') target.data.set(source.data);
  source.dispose();
}

function toPort(meta: InferenceSession.ValueMetadata): Port {
  if (!meta.isTensor) {
    throw new ModelError('session-failed', `The network's ${meta.name} is not a tensor.`, {
      remedy: 'Use another model.',
      details: { name: meta.name },
    });
  }
  return {
    name: meta.name,
    type: meta.type === 'int64' ? 'int64' : elementType(meta.type),
    dims: meta.shape.map((dim) => (typeof dim === 'number' ? dim : null)),
  };
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

function sessionFailed(name: string, cause: unknown): Error {
  if (cause instanceof DriftError || cause instanceof DOMException) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ModelError('session-failed', `The network "${name}" could not be loaded: ${reason}`, {
    remedy: 'Close other tabs that use the GPU or much memory and try again, or choose a smaller model.',
    details: { name, reason },
    cause,
  });
}

function runFailed(
  name: string,
  inputs: Readonly<Record<string, DeviceTensor | TokenTensor>>,
  cause: unknown,
): DeviceError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const fed = Object.entries(inputs)
    .map(([key, { type, dims }]) => `${key} ${type}[${dims.join(', ')}]`)
    .join('; ');
  return new DeviceError('run-failed', `The network "${name}" stopped with an error: ${reason}`, {
    remedy:
      'What you have made is kept. Try again; if it fails again, use smaller pictures or reload the page.',
    details: { name, fed, reason },
    cause,
  });
}
