/** What is known of an adapter before a device is opened on it. */
export interface AdapterDescription {
  /** The GPU in words, for people. */
  readonly name: string;
  /** True for an adapter that computes on the processor. */
  readonly software: boolean;
}

/**
 * Describes an adapter as far as the browser tells: `GPUAdapter.info` came with Chrome 127, Firefox 141 and Safari 26,
 * `isFallbackAdapter` moved there from the adapter with Chrome 140, and either may be missing.
 */
export function describeAdapter(adapter: GPUAdapter): AdapterDescription {
  const info: Partial<GPUAdapterInfo> = 'info' in adapter ? adapter.info : {};
  const { vendor, architecture, device, description } = info;
  const words = description ? [description] : [vendor, architecture, device];
  const known = words.filter((word) => word !== undefined && word !== '');
  const onAdapter = 'isFallbackAdapter' in adapter && adapter.isFallbackAdapter === true;
  return { name: known.join(' ') || 'GPU', software: info.isFallbackAdapter ?? onAdapter };
}
