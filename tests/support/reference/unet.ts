import { concatPlanes, conv, head, linear, nearest, resnet, siluSequence, transformer } from './layers.ts';
import type { Plane, Sequence } from './layers.ts';
import { Parameters } from './parameters.ts';

/** `config.json` of a UNet: the fields that tests vary. */
export interface UnetJson {
  readonly in_channels: number;
  readonly out_channels: number;
  readonly block_out_channels: readonly number[];
  readonly layers_per_block: number | readonly number[];
  readonly transformer_layers_per_block?: number | readonly number[];
  readonly cross_attention_dim: number;
  readonly attention_head_dim: number | readonly number[];
  readonly norm_num_groups: number;
  readonly norm_eps?: number;
  readonly down_block_types: readonly string[];
  readonly up_block_types: readonly string[];
  readonly use_linear_projection?: boolean;
  readonly conv_in_kernel?: number;
  readonly conv_out_kernel?: number;
  readonly downsample_padding?: 0 | 1;
  readonly flip_sin_to_cos?: boolean;
  readonly freq_shift?: number;
  readonly time_embedding_dim?: number;
}

/** UNet in float64 with its parameters. */
export interface ReferenceUnet {
  readonly parameters: Parameters;
  /** Predicts for one sample [in, h, w] at a timestep, conditioned on tokens [length, d]. */
  run(sample: Plane, timestep: number, context: Sequence): Plane;
}

/**
 * `UNet2DConditionModel` of diffusers for the Stable Diffusion 1.x family, in float64. Construction is cheap at any
 * size; values are only needed when it runs.
 */
export function referenceUnet(json: UnetJson): ReferenceUnet {
  const p = new Parameters();
  const channels = json.block_out_channels;
  const levels = channels.length;
  const level = (value: number | readonly number[] | undefined, index: number, otherwise = 1): number =>
    (typeof value === 'object' ? value[index] : value) ?? otherwise;
  const widthOf = (index: number) => channels[index] ?? Number.NaN;
  const timeWidth = json.time_embedding_dim ?? 4 * widthOf(0);
  const block = { groups: json.norm_num_groups, epsilon: json.norm_eps ?? 1e-5, timeWidth };

  const attentionAt = (name: string, index: number) =>
    transformer(p, name, widthOf(index), json.cross_attention_dim, {
      heads: level(json.attention_head_dim, index),
      layers: level(json.transformer_layers_per_block, index),
      groups: json.norm_num_groups,
      linearProjection: json.use_linear_projection ?? false,
    });

  const convIn = conv(p, 'conv_in', json.in_channels, widthOf(0), json.conv_in_kernel ?? 3);
  const time1 = linear(p, 'time_embedding.linear_1', widthOf(0), timeWidth);
  const time2 = linear(p, 'time_embedding.linear_2', timeWidth, timeWidth);

  // Channels of the skip connections, in the order in which they are pushed.
  const skipWidths = [widthOf(0)];
  let width = widthOf(0);
  const down = channels.map((to, index) => {
    const name = `down_blocks.${index}`;
    const layers = Array.from({ length: level(json.layers_per_block, index) }, (_, layer) => {
      const made = {
        residual: resnet(p, `${name}.resnets.${layer}`, width, to, block),
        attend:
          json.down_block_types[index] === 'CrossAttnDownBlock2D'
            ? attentionAt(`${name}.attentions.${layer}`, index)
            : null,
      };
      width = to;
      skipWidths.push(to);
      return made;
    });
    if (index === levels - 1) return { layers, shrink: null };
    skipWidths.push(to);
    const pads = json.downsample_padding === 0 ? ([0, 0, 1, 1] as const) : ([1, 1, 1, 1] as const);
    return { layers, shrink: conv(p, `${name}.downsamplers.0.conv`, to, to, 3, 2, pads) };
  });

  const middle = [
    resnet(p, 'mid_block.resnets.0', width, width, block),
    resnet(p, 'mid_block.resnets.1', width, width, block),
  ] as const;
  const middleAttention = attentionAt('mid_block.attentions.0', levels - 1);

  const up = channels.map((_, position) => {
    const index = levels - 1 - position;
    const name = `up_blocks.${position}`;
    const to = widthOf(index);
    const layers = Array.from({ length: level(json.layers_per_block, index) + 1 }, (_, layer) => {
      const residual = resnet(p, `${name}.resnets.${layer}`, width + (skipWidths.pop() ?? 0), to, block);
      width = to;
      return {
        residual,
        attend:
          json.up_block_types[position] === 'CrossAttnUpBlock2D'
            ? attentionAt(`${name}.attentions.${layer}`, index)
            : null,
      };
    });
    return {
      layers,
      grow: index === 0 ? null : conv(p, `${name}.upsamplers.0.conv`, to, to, 3),
    };
  });
  const out = head(p, '', width, json.out_channels, { ...block, kernel: json.conv_out_kernel ?? 3 });

  return {
    parameters: p,
    run(sample, timestep, context) {
      const features = timestepEmbedding(timestep, widthOf(0), json);
      const time = time2(siluSequence(time1({ length: 1, channels: widthOf(0), data: features })));
      let x = convIn(sample);
      const skips = [x];
      for (const { layers, shrink } of down) {
        for (const { residual, attend } of layers) {
          x = residual(x, time);
          if (attend) x = attend(x, context);
          skips.push(x);
        }
        if (shrink) {
          x = shrink(x);
          skips.push(x);
        }
      }
      x = middle[1](middleAttention(middle[0](x, time), context), time);
      for (const { layers, grow } of up) {
        for (const { residual, attend } of layers) {
          const skip = skips.pop();
          if (!skip) throw new Error('nothing was left on the way down');
          x = residual(concatPlanes(x, skip), time);
          if (attend) x = attend(x, context);
        }
        const target = skips.at(-1);
        if (grow && target) x = grow(nearest(x, target.height, target.width));
      }
      return out(x);
    },
  };
}

/** `get_timestep_embedding` of diffusers. */
function timestepEmbedding(timestep: number, width: number, json: UnetJson): Float64Array {
  const half = width / 2;
  const angles = Array.from(
    { length: half },
    (_, i) => timestep / 10_000 ** (i / (half - (json.freq_shift ?? 0))),
  );
  const sines = angles.map(Math.sin);
  const cosines = angles.map(Math.cos);
  return Float64Array.from((json.flip_sin_to_cos ?? true) ? [...cosines, ...sines] : [...sines, ...cosines]);
}
