import { throttled } from '../src/base/index.ts';
import type { DeviceError } from '../src/base/index.ts';
import type { Pipeline } from '../src/diffusion/index.ts';
import { checkProcessor, isTooSmall, largestSide, networkGraphs, openModel } from '../src/models/index.ts';
import type { OpenedModel } from '../src/models/index.ts';
import { openInstalled } from '../src/models/install/index.ts';
import { usableSettings } from '../src/project/index.ts';
import type { LoadEvent, LoadedModel, ModelLocation } from '../src/protocol/index.ts';
import { checkAlive } from './device-health.ts';
import { DownloadTotal } from './downloads.ts';
import type { Backend } from './backend.ts';
import type { ModelStorage } from './model-handlers.ts';
import { pipelineOn } from './model-in-use.ts';
import type { PipelineOptions } from '../src/diffusion/index.ts';
import { withReadProgress } from './read-progress.ts';

type EmitLoad = (event: LoadEvent) => void;

/** Fetches a model, or opens an installed one after verifying its checksums. */
export function openModelAt(
  location: ModelLocation,
  storage: ModelStorage,
  signal: AbortSignal,
  emit: EmitLoad,
): Promise<OpenedModel> {
  if (location.kind === 'installed') {
    const onProgress = ({ done, of }: { readonly done: number; readonly of: number }) => {
      emit({ stage: 'verify', part: 'files', done, of });
    };
    return openInstalled(storage.files, location.id, { signal, onProgress });
  }
  const total = new DownloadTotal();
  const report = throttled((done, of) => {
    emit({ stage: 'download', part: 'files', done, of });
  });
  const onDownload = (file: string, fileDone: number, fileOf: number) => {
    const { done, of } = total.report(file, fileDone, fileOf);
    report(done, of);
  };
  return openModel(location.url, { signal, onDownload });
}

/**
 * Checks that a model can run on a backend before loading its networks. Returns its default settings, with a size that the
 * device supports.
 *
 * @throws ModelError `needs-gpu`; DeviceError `gpu-too-small` or `cpu-too-small`; SettingsError `size-invalid`
 */
export function checkModel(
  { manifest, parts }: OpenedModel,
  backend: Backend,
  options: PipelineOptions,
): Pick<LoadedModel, 'defaults' | 'largestSide'> {
  const { device, target } = backend;
  if (device.kind === 'cpu') {
    const graphs = networkGraphs(parts, target.kernels);
    checkProcessor(manifest.name, graphs.unet({ width: 8, height: 8 }, target.type));
  }
  const defaults = usableSettings(manifest.defaults);
  const { width = manifest.size, height = manifest.size } = defaults;
  const largest = largestInstead(pipelineOn(backend, parts, options), { width, height });
  return {
    defaults: { ...defaults, width: largest ?? width, height: largest ?? height },
    largestSide: largest,
  };
}

/**
 * Loads a model's networks for a picture size. On failure nothing is left on the device.
 *
 * @throws what `Pipeline.prepare` throws, or the device's error
 */
export async function loadNetworks(
  backend: Backend,
  parts: OpenedModel['parts'],
  { width, height }: { readonly width: number; readonly height: number },
  options: PipelineOptions,
  signal: AbortSignal,
  emit: EmitLoad,
): Promise<Pipeline> {
  /** The network being loaded; null when all are. */
  let loading: LoadEvent | null = null;
  const onRead = throttled((done, of) => {
    if (loading) emit({ ...loading, read: { done, of } });
  });
  const runtime = withReadProgress(backend.runtime, onRead);
  const pipeline = pipelineOn({ ...backend, runtime }, parts, options);
  try {
    await pipeline.prepare(width, height, {
      signal,
      // On a software GPU this takes as long as a step of a frame, up to a minute.
      warmUp: backend.device.kind === 'webgpu' && !backend.device.software,
      onNetwork: (part, done, of) => {
        loading = { stage: 'session', part, done, of };
        emit(loading);
      },
    });
    await checkAlive(backend, signal);
    return pipeline;
  } catch (error) {
    // Report why loading failed, not that releasing failed too.
    await pipeline.release().catch(() => undefined);
    throw error;
  } finally {
    loading = null;
  }
}

/**
 * Side of the largest square picture that the device supports, if it does not support the given size; otherwise null.
 *
 * @throws DeviceError `gpu-too-small` or `cpu-too-small` if it supports none
 */
function largestInstead(
  pipeline: Pipeline,
  picture: { readonly width: number; readonly height: number },
): number | null {
  const problemOf = ({ width, height }: typeof picture): DeviceError | null => {
    try {
      pipeline.checkSize(width, height);
      return null;
    } catch (error) {
      if (isTooSmall(error)) return error;
      throw error;
    }
  };
  const problem = problemOf(picture);
  if (problem === null) return null;
  const side = largestSide(picture, (smaller) => problemOf(smaller) === null);
  if (side === null) throw problem;
  return side;
}
