import type { UnetConfig, UnetLevel } from '../config/index.ts';
import type { GraphBuilder, Value } from './builder.ts';

/** A residual or transformer block, by its prefix in the checkpoint. */
export interface UnetBlock {
  readonly prefix: string;
  readonly channels: number;
}

/** All residual blocks that read the timestep, in order of execution. */
export function resnetBlocks(config: UnetConfig): UnetBlock[] {
  const block = (prefix: string, level: UnetLevel, count: number) =>
    Array.from({ length: count }, (_, index) => ({
      prefix: `${prefix}.resnets.${index}`,
      channels: level.channels,
    }));
  return [
    ...config.down.flatMap((level, index) => block(`down_blocks.${index}`, level, level.layers)),
    ...block('mid_block', config.middle, 2),
    ...config.up.flatMap((level, index) => block(`up_blocks.${index}`, level, level.layers + 1)),
  ];
}

/** All transformer blocks that read the image embedding, in order of execution. */
export function attentionBlocks(config: UnetConfig): UnetBlock[] {
  const block = (prefix: string, level: UnetLevel, count: number) =>
    Array.from({ length: count }, (_, index) =>
      Array.from({ length: level.transformerLayers }, (_, depth) => ({
        prefix: `${prefix}.attentions.${index}.transformer_blocks.${depth}`,
        channels: level.channels,
      })),
    ).flat();
  return [
    ...config.down.flatMap((level, index) => block(`down_blocks.${index}`, level, level.layers)),
    ...block('mid_block', config.middle, 1),
    ...config.up.flatMap((level, index) => block(`up_blocks.${index}`, level, level.layers + 1)),
  ];
}

/** Total channels of all blocks. */
export const width = (blocks: readonly UnetBlock[]) => blocks.reduce((sum, block) => sum + block.channels, 0);

/** Channels of each block. */
export const widths = (blocks: readonly UnetBlock[]) => blocks.map(({ channels }) => channels);

/** Length of a row of the context network's output: the concatenated vectors of all transformer blocks. */
export function contextWidth(config: UnetConfig): number {
  return width(attentionBlocks(config));
}

/** Stacks the weights of linear layers with a common input into one matrix [all outputs, input]. */
export function stackedWeight(
  g: GraphBuilder,
  name: string,
  blocks: readonly UnetBlock[],
  input: number,
  suffix: string,
): Value {
  return g.weight(
    `${name}.weight`,
    [width(blocks), input],
    blocks.map(({ prefix, channels }) => ({ tensor: prefix + suffix, dims: [channels, input] })),
  );
}
