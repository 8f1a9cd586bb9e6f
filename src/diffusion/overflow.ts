import { CheckpointError, ModelError } from '../base/index.ts';
import type { NetworkPrecision } from '../base/index.ts';
import type { DeviceTensor, ModelType } from '../compute/index.ts';

/** Networks compiled by Drift, whose outputs are checked for overflow on the device. */
export type CheckedNetwork = keyof NetworkPrecision;

/** Overflow flags on the device: which network's output was not finite. The caller of `Pipeline.overflowFlags` disposes it. */
export interface OverflowFlags {
  /** float32 [2]: see `Compute.dpmSolverStep` and `Compute.frameFromDecoded`. */
  readonly flags: DeviceTensor;
  /** Number types of the networks when the flags were created. */
  readonly precision: NetworkPrecision;
  dispose(): void;
}

/** Why a network falls back to float32: a weight, or its output, exceeds float16's range. */
export type FallbackReason = 'weight' | 'result';

const names: Readonly<Record<CheckedNetwork, string>> = { unet: 'UNet', decoder: 'decoder' };

/** The first network whose flag is set by `Compute.dpmSolverStep` or `Compute.frameFromDecoded`, or null. */
export function overflowedNetwork([unet = 0, decoder = 0]: Float32Array): CheckedNetwork | null {
  return unet !== 0 ? 'unet' : decoder !== 0 ? 'decoder' : null;
}

/** True if loading failed because a weight exceeds float16's range. */
export function isTooLargeForFloat16(error: unknown): boolean {
  return error instanceof CheckpointError && error.code === 'weight-too-large';
}

/** Error for an embedding that is not finite: computing the UNet in float32 would not help. */
export function embeddingNotFinite(): ModelError {
  return new ModelError(
    'embedding-not-finite',
    'The CLIP networks of this model gave values that are not numbers for this picture or these prompts.',
    {
      remedy: 'Your frames are kept. Try another picture and other prompts, or another model.',
    },
  );
}

/** A network's output was not finite, so there is no frame. */
export class NotFiniteError extends ModelError {
  readonly network: CheckedNetwork;
  /** The network's number type. */
  readonly type: ModelType;

  constructor(network: CheckedNetwork, type: ModelType) {
    super('not-finite', `The ${names[network]} of this model gave values that are not numbers, in ${type}.`, {
      remedy:
        'Your frames are kept. Try other settings, a lower guidance scale first; if it happens with every picture, the model is damaged: get it again or use another.',
      details: { network: names[network], type },
    });
    this.network = network;
    this.type = type;
  }
}
