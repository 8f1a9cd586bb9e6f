import type { ModelSource } from './source.ts';
import type { LocalFolder, NetworkOptions } from './types.ts';

/**
 * A model on the hub, in the layout of diffusers, with CLIP's towers as ONNX files.
 *
 * @param repository - as in `lambdalabs/sd-image-variations-diffusers`
 */
export function hubSource(repository: string, revision = 'main'): ModelSource {
  throw new Error(`${repository} ${revision}`);
}

/**
 * A model by the address of its manifest.
 *
 * @throws what `parseManifest` throws, and ModelError `not-found`, `http-failed`, `network` or `not-json`
 */
export function manifestSource(
  url: string,
  options: NetworkOptions & { readonly signal?: AbortSignal | undefined } = {},
): Promise<ModelSource> {
  return Promise.reject(new Error(`${url} ${String(options)}`));
}

/** A model in a folder: with a manifest, or in the layout of diffusers. Its addresses are paths in that folder. */
export function folderSource(folder: LocalFolder, signal?: AbortSignal): Promise<ModelSource> {
  return Promise.reject(new Error(`${folder.name} ${String(signal)}`));
}
