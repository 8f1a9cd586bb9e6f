import * as v from 'valibot';

const bytes = v.pipe(v.number(), v.integer(), v.minValue(0));

/** The device that models run on, as far as the page and the other workers have to know it. */
export const deviceSchema = v.object({
  kind: v.picklist(['webgpu', 'cpu']),
  precision: v.picklist(['float16', 'float32']),
  /** The adapter as the browser describes it; empty without a GPU. */
  name: v.string(),
  /** Why there is no GPU, in one sentence; empty with one. */
  reason: v.string(),
  /**
   * Whether what the browser calls a GPU computes on the processor. With `cpu`, such a GPU is there, and is used only for
   * models that need one.
   */
  software: v.boolean(),
  /** What it holds in one piece, in bytes, by WebGPU's names of these limits; null without a GPU. */
  limits: v.nullable(v.object({ maxBufferSize: bytes, maxStorageBufferBindingSize: bytes })),
});
/** What computes, as the page asks for it. */
export const backendSchema = v.picklist([
  /** The GPU; the processor where there is none, or one that computes on the processor. */
  'auto',
  /** The same, without float16. */
  'float32',
  /** The GPU, also one that computes on the processor. */
  'software',
  /** The GPU, whichever it is; an error where there is none. */
  'webgpu',
  'cpu',
]);
export type Backend = v.InferOutput<typeof backendSchema>;

export type Device = v.InferOutput<typeof deviceSchema>;
