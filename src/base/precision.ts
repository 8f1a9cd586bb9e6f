/** Number type in which each compiled network of a model computes. */
export interface NetworkPrecision {
  readonly unet: 'float16' | 'float32';
  readonly decoder: 'float16' | 'float32';
}
