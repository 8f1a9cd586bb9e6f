/** Properties of an adapter, known before a device is opened. */
export interface AdapterDescription {
  /** Human-readable name of the GPU. */
  readonly name: string;
  /** True for an adapter that computes on the CPU. */
  readonly software: boolean;
}

/**
 * Describes an adapter. `GPUAdapter.info` came with Chrome 127, Firefox 141 and Safari 26; `isFallbackAdapter` moved
 * there from the adapter with Chrome 140; either may be missing.
 */
export function describeAdapter(adapter: GPUAdapter): AdapterDescription {
  const info: Partial<GPUAdapterInfo> = 'info' in adapter ? adapter.info : {};
  const { vendor, architecture, device, description } = info;
  const words = description ? [description] : [vendor, architecture, device];
  const known = words.filter((word) => word !== undefined && word !== '');
  const onAdapter = 'isFallbackAdapter' in adapter && adapter.isFallbackAdapter === true;
  return { name: known.join(' ') || 'GPU', software: info.isFallbackAdapter ?? onAdapter };
}
