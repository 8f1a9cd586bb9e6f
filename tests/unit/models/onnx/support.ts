import type { Checkpoint } from '../../../../src/models/types.ts';
import { parseUnetConfig, parseVaeConfig } from '../../../../src/models/config/index.ts';
import {
  compileContext,
  compileUnet,
  compileVaeDecoder,
  contextWidth,
} from '../../../../src/models/onnx/index.ts';
import type { CompiledGraph } from '../../../../src/models/onnx/index.ts';
import { packWeights } from '../../../../src/models/pack.ts';
import { timestepFeatures } from '../../../../src/diffusion/index.ts';
import { createCpuCompute } from '../../../../src/compute/index.ts';
import type { DeviceTensor } from '../../../../src/compute/index.ts';
import type { Session } from '../../../../src/runtime/index.ts';
import { openCpuRuntime } from '../../../support/cpu-runtime.ts';
import type { UnetJson } from '../../../support/reference/unet.ts';
import type { VaeJson } from '../../../support/reference/vae.ts';
import { kernelsFor } from '../../../support/kernels.ts';

const runtime = await openCpuRuntime();
const compute = createCpuCompute();

export interface Size {
  readonly height: number;
  readonly width: number;
}

/** Creates a session of a compiled graph with its weights. */
export async function load(name: string, graph: CompiledGraph, checkpoint: Checkpoint): Promise<Session> {
  const data = await packWeights(graph.plan, checkpoint);
  return runtime.createSession(name, {
    graph: graph.graph,
    weights: [{ location: graph.plan.location, data }],
  });
}

async function runOnce(
  session: Session,
  inputs: Record<string, DeviceTensor>,
  output: string,
): Promise<DeviceTensor> {
  try {
    const { [output]: result } = await session.run(inputs);
    if (!result) throw new Error(`there is no ${output}`);
    return result;
  } finally {
    await session.release();
    for (const input of Object.values(inputs)) input.dispose();
  }
}

async function values(tensor: DeviceTensor): Promise<Float32Array> {
  const [data] = await compute.read([tensor]);
  if (!(data instanceof Float32Array)) throw new Error('floats were expected');
  return data;
}

/** Inputs of a UNet: samples one after the other, an embedding for each row, and one timestep. */
export interface UnetQuestion {
  readonly size: Size;
  readonly samples: readonly Float32Array[];
  readonly embeds: readonly Float32Array[];
  readonly timestep: number;
}

const joined = (parts: readonly Float32Array[]) => Float32Array.from(parts.flatMap((part) => [...part]));

/**
 * Compiles a UNet and its context network, runs both, and gives the output of the whole batch: with two halves, of as
 * many embeddings as twice the samples.
 */
export async function runUnet(
  json: UnetJson,
  checkpoint: Checkpoint,
  { size, samples, embeds, timestep }: UnetQuestion,
  kernels = kernelsFor(Infinity),
  halves: 1 | 2 = 1,
): Promise<Float32Array> {
  const config = parseUnetConfig('unet/config.json', json);
  const [batch, rows] = [samples.length, halves * samples.length];
  const context = await runOnce(
    await load('context', compileContext(config, checkpoint, 'float32'), checkpoint),
    { embeds: compute.upload(joined(embeds), [rows, config.embeddingWidth]) },
    'context',
  );
  if (context.dims.join() !== [rows, contextWidth(config)].join()) {
    throw new Error(`the context is [${context.dims.join()}]`);
  }
  const features = timestepFeatures(timestep, config.timestep);
  const output = await runOnce(
    await load('UNet', compileUnet(config, checkpoint, 'float32', size, kernels), checkpoint),
    {
      sample: compute.upload(joined(samples), [batch, config.inChannels, size.height, size.width]),
      timestep: compute.upload(features, [1, features.length]),
      halves: compute.upload(new Float32Array(halves), [halves, 1, 1, 1]),
      context,
    },
    'output',
  );
  return values(output);
}

/** Compiles a decoder and runs it on a batch of latents. */
export async function runDecoder(
  json: VaeJson,
  checkpoint: Checkpoint,
  size: Size,
  latents: readonly Float32Array[],
): Promise<Float32Array> {
  const config = parseVaeConfig('vae/config.json', json);
  const output = await runOnce(
    await load('decoder', compileVaeDecoder(config, checkpoint, 'float32', size), checkpoint),
    {
      latents: compute.upload(joined(latents), [
        latents.length,
        config.latentChannels,
        size.height,
        size.width,
      ]),
    },
    'image',
  );
  return values(output);
}

/** A checkpoint that records which tensors are read. */
export function watched(checkpoint: Checkpoint): { checkpoint: Checkpoint; read: Set<string> } {
  const read = new Set<string>();
  return {
    read,
    checkpoint: {
      ...checkpoint,
      read: (name, signal) => {
        read.add(name);
        return checkpoint.read(name, signal);
      },
    },
  };
}
