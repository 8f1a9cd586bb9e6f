import * as v from 'valibot';

const bytes = v.pipe(v.number(), v.integer(), v.minValue(0));

/** The device that runs the models, as reported to the page and other workers. */
export const deviceSchema = v.object({
  kind: v.picklist(['webgpu', 'cpu']),
  precision: v.picklist(['float16', 'float32']),
  /** Adapter name reported by the browser; empty without a GPU. */
  name: v.string(),
  /** Why there is no GPU, in one sentence; empty if there is one. */
  reason: v.string(),
  /**
   * True if the browser's adapter computes on the CPU. With `kind` `cpu`, such an adapter exists but is used only for
   * models that need a GPU.
   */
  software: v.boolean(),
  /** WebGPU limits in bytes; null without a GPU. */
  limits: v.nullable(v.object({ maxBufferSize: bytes, maxStorageBufferBindingSize: bytes })),
});
/** Backend requested by the page. */
export const backendChoiceSchema = v.picklist([
  /** GPU; CPU if there is none, or only a software adapter. */
  'auto',
  /** Like `auto`, without float16. */
  'float32',
  /** GPU, including a software adapter. */
  'software',
  /** Any GPU; an error if there is none. */
  'webgpu',
  'cpu',
]);
export type BackendChoice = v.InferOutput<typeof backendChoiceSchema>;

export type Device = v.InferOutput<typeof deviceSchema>;
