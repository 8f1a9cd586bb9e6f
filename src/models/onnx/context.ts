import type { UnetConfig } from '../config/index.ts';
import type { Checkpoint } from '../types.ts';
import { GraphBuilder } from './builder.ts';
import type { CompiledGraph } from './builder.ts';
import { joinParts, splitParts } from './parts.ts';
import { attentionBlocks, stackedWeight, width, widths } from './unet-blocks.ts';

/**
 * Context network, the part of the UNet that reads the image embedding: `embeds` float32 [batch, d] to `context`
 * [batch, S].
 *
 * With a context of one token, softmax is 1, so cross-attention is `to_out(to_v(e))`, independent of position, query and
 * key. It is computed here once per frame, for all transformer blocks; `to_q`, `to_k` and the norm before them are not
 * needed.
 */
export function compileContext(
  config: UnetConfig,
  checkpoint: Pick<Checkpoint, 'name' | 'tensors'>,
  type: 'float16' | 'float32',
): CompiledGraph {
  const g = new GraphBuilder('context', type, checkpoint, 'context.bin');
  const blocks = attentionBlocks(config);
  const embeds = g.node('Cast', [g.input('embeds', 'float32', ['batch', config.embeddingWidth])], {
    to: { int: type === 'float16' ? 10 : 1 },
  });
  const values = g.node(
    'Gemm',
    [embeds, stackedWeight(g, 'to_v', blocks, config.embeddingWidth, '.attn2.to_v.weight')],
    {
      transB: { int: 1 },
    },
  );
  const vectors = splitParts(g, values, widths(blocks), 1).map((value, index) => {
    const { prefix, channels } = blocks[index] ?? { prefix: '', channels: 0 };
    const out = `${prefix}.attn2.to_out.0`;
    return g.node(
      'Gemm',
      [
        value,
        g.weight(
          `${out}.weight`,
          [channels, channels],
          [{ tensor: `${out}.weight`, dims: [channels, channels] }],
        ),
        g.weight(`${out}.bias`, [channels], [{ tensor: `${out}.bias`, dims: [channels] }]),
      ],
      { transB: { int: 1 } },
    );
  });
  g.output(joinParts(g, vectors, 1), 'context', type, ['batch', width(blocks)]);
  return g.build();
}
