import {
  addPlanes,
  attention,
  conv,
  groupNorm,
  head,
  mapPlane,
  nearest,
  resnet,
  toPlane,
  toSequence,
} from './layers.ts';
import type { OnPlane, Plane } from './layers.ts';
import { Parameters } from './parameters.ts';

/** `config.json` of an autoencoder: the fields that tests vary. */
export interface VaeJson {
  readonly in_channels: number;
  readonly out_channels: number;
  readonly latent_channels: number;
  readonly block_out_channels: readonly number[];
  readonly layers_per_block: number;
  readonly norm_num_groups: number;
  readonly down_block_types: readonly string[];
  readonly up_block_types: readonly string[];
  readonly scaling_factor?: number;
  readonly use_post_quant_conv?: boolean;
  readonly mid_block_add_attention?: boolean;
}

/** Autoencoder in float64 with its parameters. */
export interface ReferenceVae {
  readonly parameters: Parameters;
  /** Decodes scaled latents of one picture to [3, H, W]. */
  decode(latents: Plane): Plane;
  /** Encodes one picture [3, H, W] in -1…1 to the mean of its latents, times the scaling factor. */
  encode(picture: Plane): Plane;
}

const epsilon = 1e-6;

/**
 * `AutoencoderKL` of diffusers in float64.
 *
 * @param oldNames - use the names of attention projections before diffusers 0.12
 */
export function referenceVae(json: VaeJson, oldNames = false): ReferenceVae {
  const p = new Parameters();
  const channels = json.block_out_channels;
  const widest = channels.at(-1) ?? Number.NaN;
  const block = { groups: json.norm_num_groups, epsilon, timeWidth: 0 };
  const names = oldNames
    ? { query: 'query', key: 'key', value: 'value', out: 'proj_attn' }
    : { query: 'to_q', key: 'to_k', value: 'to_v', out: 'to_out.0' };

  const middle = (prefix: string): OnPlane => {
    const first = resnet(p, `${prefix}.resnets.0`, widest, widest, block);
    let attend: OnPlane = (x) => x;
    if (json.mid_block_add_attention ?? true) {
      const attentionPrefix = `${prefix}.attentions.0`;
      const norm = groupNorm(p, `${attentionPrefix}.group_norm`, widest, json.norm_num_groups, epsilon);
      const whole = attention(p, attentionPrefix, widest, widest, 1, true, names);
      attend = (x) => {
        const tokens = toSequence(norm(x));
        return addPlanes(x, toPlane(whole(tokens, tokens), x));
      };
    }
    const second = resnet(p, `${prefix}.resnets.1`, widest, widest, block);
    return (x) => second(attend(first(x)));
  };

  let width = channels[0] ?? Number.NaN;
  const encoderIn = conv(p, 'encoder.conv_in', json.in_channels, width, 3);
  const down = channels.map((to, index) => {
    const name = `encoder.down_blocks.${index}`;
    const residuals = Array.from({ length: json.layers_per_block }, (_, layer) => {
      const made = resnet(p, `${name}.resnets.${layer}`, width, to, block);
      width = to;
      return made;
    });
    const last = index === channels.length - 1;
    // Zeros only on the right and below, as in diffusers.
    const shrink = last ? null : conv(p, `${name}.downsamplers.0.conv`, to, to, 3, 2, [0, 0, 1, 1]);
    return { residuals, shrink };
  });
  const encoderMid = middle('encoder.mid_block');
  const encoderOut = head(p, 'encoder.', widest, 2 * json.latent_channels, { ...block, kernel: 3 });
  const quant = conv(p, 'quant_conv', 2 * json.latent_channels, 2 * json.latent_channels, 1);

  const post =
    (json.use_post_quant_conv ?? true)
      ? conv(p, 'post_quant_conv', json.latent_channels, json.latent_channels, 1)
      : null;
  const convIn = conv(p, 'decoder.conv_in', json.latent_channels, widest, 3);
  const mid = middle('decoder.mid_block');
  width = widest;
  const up = [...channels].reverse().map((to, position) => {
    const name = `decoder.up_blocks.${position}`;
    const residuals = Array.from({ length: json.layers_per_block + 1 }, (_, layer) => {
      const made = resnet(p, `${name}.resnets.${layer}`, width, to, block);
      width = to;
      return made;
    });
    const last = position === channels.length - 1;
    return { residuals, grow: last ? null : conv(p, `${name}.upsamplers.0.conv`, to, to, 3) };
  });
  const out = head(p, 'decoder.', width, json.out_channels, { ...block, kernel: 3 });

  return {
    parameters: p,
    decode(latents) {
      let x = mapPlane(latents, (value) => value / (json.scaling_factor ?? 0.18215));
      if (post) x = post(x);
      x = mid(convIn(x));
      for (const { residuals, grow } of up) {
        for (const residual of residuals) x = residual(x);
        if (grow) x = grow(nearest(x, 2 * x.height, 2 * x.width));
      }
      return out(x);
    },
    encode(picture) {
      let x = encoderIn(picture);
      for (const { residuals, shrink } of down) {
        for (const residual of residuals) x = residual(x);
        if (shrink) x = shrink(x);
      }
      const { height, width: across, data } = quant(encoderOut(encoderMid(x)));
      const mean = data.subarray(0, json.latent_channels * height * across);
      const scale = json.scaling_factor ?? 0.18215;
      return {
        channels: json.latent_channels,
        height,
        width: across,
        data: mean.map((value) => value * scale),
      };
    },
  };
}
