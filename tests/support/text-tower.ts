import type { PromptEncoder } from '../../src/diffusion/index.ts';
import { encodeModel } from '../../src/models/onnx/proto.ts';
import { openTokenizer } from '../../src/models/tokenizer.ts';

const startToken = '<|startoftext|>';
const endToken = '<|endoftext|>';
const letters = Array.from('abcdefghijklmnopqrstuvwxyz');
const vocab = Object.fromEntries(
  [...letters, ...letters.map((letter) => `${letter}</w>`), startToken, endToken].map((token, id) => [
    token,
    id,
  ]),
);
const [startId = 0, endId = 0] = [vocab[startToken], vocab[endToken]];

/** A CLIP tokenizer over single letters, in the hub's format. */
export const tokenizerFile = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: [startToken, endToken].map((content) => ({
    id: vocab[content],
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: { type: 'Lowercase' },
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: '[\\p{L}]+' }, behavior: 'Removed', invert: true },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true },
    ],
  },
  post_processor: {
    type: 'RobertaProcessing',
    sep: [endToken, endId],
    cls: [startToken, startId],
    trim_offsets: false,
    add_prefix_space: false,
  },
  decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true },
  model: {
    type: 'BPE',
    dropout: null,
    unk_token: endToken,
    continuing_subword_prefix: '',
    end_of_word_suffix: '</w>',
    fuse_unk: false,
    vocab,
    merges: [],
  },
};
export const tokenizerConfig = {
  tokenizer_class: 'CLIPTokenizer',
  bos_token: startToken,
  eos_token: endToken,
  unk_token: endToken,
  pad_token: endToken,
  model_max_length: 77,
};

/** Expected token ids of a word. */
export function idsOf(word: string): number[] {
  const inner = Array.from(word).map(
    (letter, index) => vocab[index === word.length - 1 ? `${letter}</w>` : letter] ?? -1,
  );
  return [startId, ...inner, endId];
}

/** A text tower that sums a fixed row per token: easy to verify by hand. */
export function textTower(width: number): { graph: Uint8Array<ArrayBuffer>; row: (id: number) => number[] } {
  const size = Object.keys(vocab).length;
  const row = (id: number) =>
    Array.from({ length: width }, (_, i) => Math.fround(Math.sin(1 + id * width + i)));
  const table = Float32Array.from({ length: size }, (_, id) => id).reduce<number[]>(
    (all, id) => [...all, ...row(id)],
    [],
  );
  const node = (operator: string, inputs: string[], output: string) => ({
    operator,
    domain: '',
    name: output,
    inputs,
    outputs: [output],
    attributes: operator === 'ReduceSum' ? [{ name: 'keepdims', int: 0 }] : [],
  });
  const graph = encodeModel({
    name: 'text tower',
    nodes: [
      node('Gather', ['table', 'input_ids'], 'rows'),
      node('ReduceSum', ['rows', 'axes'], 'text_embeds'),
    ],
    initializers: [
      {
        name: 'table',
        type: 'float32',
        dims: [size, width],
        content: { inline: new Uint8Array(Float32Array.from(table).buffer) },
      },
      {
        name: 'axes',
        type: 'int64',
        dims: [1],
        content: { inline: new Uint8Array(BigInt64Array.of(1n).buffer) },
      },
    ],
    inputs: [{ name: 'input_ids', type: 'int64', dims: ['prompts', 'tokens'] }],
    outputs: [{ name: 'text_embeds', type: 'float32', dims: ['prompts', width] }],
  });
  return { graph, row };
}

/** Tower and tokenizer together. */
export function promptEncoder(width: number, maxTokens = 77): PromptEncoder {
  return {
    width,
    model: () => Promise.resolve({ graph: textTower(width).graph, weights: [] }),
    tokenizer: () => openTokenizer(tokenizerFile, tokenizerConfig, maxTokens),
  };
}
