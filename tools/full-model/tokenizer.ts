const startToken = '<|startoftext|>';
const endToken = '<|endoftext|>';

/** Byte-to-character mapping of byte-level BPE (GPT-2's `bytes_to_unicode`), in the order of CLIP's vocabulary. */
function byteCharacters(): string[] {
  const printable = [
    [0x21, 0x7e],
    [0xa1, 0xac],
    [0xae, 0xff],
  ].flatMap(([first = 0, last = 0]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
  const others = Array.from({ length: 256 - printable.length }, (_, i) => 256 + i);
  return [...printable, ...others].map((code) => String.fromCodePoint(code));
}

/** Merges that form words of up to four letters: pairs inside and at the end of a word, then pairs of pairs. */
function* mergesOfLetters(): Generator<[string, string]> {
  const letters = Array.from('etaoinshrdlucmfwypvbgkjqxz');
  const pairs = letters.flatMap((a) => letters.map((b) => [a, b] as const));
  for (const [a, b] of pairs) {
    yield [a, b];
    yield [a, `${b}</w>`];
  }
  for (const [a, b] of pairs) for (const [c, d] of pairs) yield [a + b, `${c}${d}</w>`];
}

/**
 * CLIP tokenizer with a vocabulary of `size` entries: bytes, bytes that end a word, merges, start and end. Returns
 * `tokenizer.json` and `tokenizer_config.json` in the format of the hub's CLIP models; the merges are synthetic.
 *
 * @param size - at least 514; CLIP's is 49408
 */
export function clipTokenizer(size: number): { file: unknown; config: unknown } {
  const bytes = byteCharacters();
  const tokens = [...bytes, ...bytes.map((character) => `${character}</w>`)];
  const merges: string[] = [];
  for (const [first, second] of mergesOfLetters()) {
    if (tokens.length >= size - 2) break;
    tokens.push(first + second);
    merges.push(`${first} ${second}`);
  }
  tokens.push(startToken, endToken);
  if (tokens.length !== size) throw new RangeError(`no tokenizer has ${size} entries`);
  const [startId, endId] = [size - 2, size - 1];
  const special = (id: number, content: string, normalized: boolean) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized,
    special: true,
  });
  return {
    file: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [special(startId, startToken, true), special(endId, endToken, false)],
      normalizer: {
        type: 'Sequence',
        normalizers: [
          { type: 'NFC' },
          { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
          { type: 'Lowercase' },
        ],
      },
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          {
            type: 'Split',
            pattern: {
              Regex: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+",
            },
            behavior: 'Removed',
            invert: true,
          },
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
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges,
      },
    },
    config: {
      add_prefix_space: false,
      bos_token: startToken,
      do_lower_case: true,
      eos_token: endToken,
      errors: 'replace',
      model_max_length: 77,
      pad_token: endToken,
      tokenizer_class: 'CLIPTokenizer',
      unk_token: endToken,
    },
  };
}
