import { CheckpointError, ModelError } from '../base/index.ts';
import type { NetworkPrecision } from '../base/index.ts';
import type { DeviceTensor, ModelType } from '../compute/index.ts';

/** The networks that Drift compiles, whose results are looked through while they are on the device. */
export type CheckedNetwork = keyof NetworkPrecision;

/** Where it is noted, on the device, which network gave what is not finite. The caller of `Pipeline.faults` disposes it. */
export interface Faults {
  /** float32 [2]: see `Compute.dpmSolverStep` and `Compute.frameFromDecoded`. */
  readonly marks: DeviceTensor;
  /** What the networks computed in when it was made. */
  readonly precision: NetworkPrecision;
  dispose(): void;
}

/** Why a network had to change to float32: one of its weights, or what it gave, is beyond float16's range. */
export type WideningReason = 'weight' | 'result';

const names: Readonly<Record<CheckedNetwork, string>> = { unet: 'UNet', decoder: 'decoder' };

/** The first network that the marks of `Compute.dpmSolverStep` and `Compute.frameFromDecoded` tell of, or null. */
export function faultyNetwork([unet = 0, decoder = 0]: Float32Array): CheckedNetwork | null {
  return unet !== 0 ? 'unet' : decoder !== 0 ? 'decoder' : null;
}

/** Whether a network could not be loaded because float16 does not hold one of its weights. */
export function isTooLargeForFloat16(error: unknown): boolean {
  return error instanceof CheckpointError && error.code === 'weight-too-large';
}

/** What a frame is made from is not a number: no network that comes after it can do better in float32. */
export function embeddingNotFinite(): ModelError {
  return new ModelError(
    'embedding-not-finite',
    'The CLIP networks of this model gave values that are not numbers for this picture or these prompts.',
    {
      remedy: 'Your frames are kept. Try another picture and other prompts, or another model.',
    },
  );
}

/** A network gave something that is not a number, so there is no frame. */
export class NotFiniteError extends ModelError {
  readonly network: CheckedNetwork;
  /** What it computed in. */
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
