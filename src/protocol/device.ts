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
  /** Whether what the browser calls a GPU computes on the processor. */
  software: v.boolean(),
  /** What it holds in one piece, in bytes, by WebGPU's names of these limits; null without a GPU. */
  limits: v.nullable(v.object({ maxBufferSize: bytes, maxStorageBufferBindingSize: bytes })),
});
export type Device = v.InferOutput<typeof deviceSchema>;
