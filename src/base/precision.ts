/** The number type that each compiled network of a model computes in. */
export interface NetworkPrecision {
  readonly unet: 'float16' | 'float32';
  readonly decoder: 'float16' | 'float32';
}
