"""Byte-pair tokenizer with a small vocabulary, in the format that Transformers.js reads.

Byte-level BPE (Sennrich et al. 2016) as in CLIP (Radford et al. 2021): bytes as printable characters, `</w>` at the end of
each word, start and end tokens around the prompt, the end token as padding.
"""

import json
import re

START, END = "<|startoftext|>", "<|endoftext|>"
MAX_TOKENS = 32
PRE_TOKENS = re.compile(r"[^\W\d_]+|\d|(?:[^\s\w]|_)+")


def byte_characters():
    """Mapping of bytes to printable characters, as in GPT-2 and CLIP."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {b: chr(b) for b in kept}
    extra = 0
    for b in range(256):
        if b not in table:
            table[b] = chr(256 + extra)
            extra += 1
    return table


BYTES = byte_characters()


def pre_tokens(text):
    """Splits a text into words, digits and runs of punctuation, as printable bytes; merges stay within one."""
    return ["".join(BYTES[b] for b in word.encode()) for word in PRE_TOKENS.findall(text.lower())]


class Words:
    """Tokenizer: encodes texts to token ids, and exports its configuration files."""

    def __init__(self, merges):
        self.merges = [tuple(m) for m in merges]
        self.ranks = {m: i for i, m in enumerate(self.merges)}
        characters = [BYTES[b] for b in range(256)]
        vocabulary = characters + [c + "</w>" for c in characters] + ["".join(m) for m in self.merges] + [START, END]
        self.ids = {token: i for i, token in enumerate(vocabulary)}
        self.start, self.end = self.ids[START], self.ids[END]
        self.cache = {}

    @staticmethod
    def learn(texts, count):
        """Learns `count` merges from texts, most frequent pairs first."""
        frequency = {}
        for text in texts:
            for word in pre_tokens(text):
                frequency[word] = frequency.get(word, 0) + 1
        words = {w: [*w[:-1], w[-1] + "</w>"] for w in frequency}
        merges = []
        for _ in range(count):
            pairs = {}
            for word, parts in words.items():
                for pair in zip(parts, parts[1:]):
                    pairs[pair] = pairs.get(pair, 0) + frequency[word]
            if not pairs:
                break
            best = max(pairs, key=lambda pair: (pairs[pair], pair))
            merges.append(best)
            for word, parts in words.items():
                words[word] = _merge(parts, best)
        return Words(merges)

    def _word(self, word):
        if word not in self.cache:
            parts = [*word[:-1], word[-1] + "</w>"]
            while len(parts) > 1:
                pair = min(zip(parts, parts[1:]), key=lambda p: self.ranks.get(p, len(self.ranks)))
                if pair not in self.ranks:
                    break
                parts = _merge(parts, pair)
            self.cache[word] = [self.ids[p] for p in parts]
        return self.cache[word]

    def encode(self, texts):
        """Token ids padded to equal length, at most 32 including start and end."""
        rows = []
        for text in texts:
            ids = [i for word in pre_tokens(text) for i in self._word(word)][: MAX_TOKENS - 2]
            rows.append([self.start, *ids, self.end])
        longest = max(map(len, rows))
        return [row + [self.end] * (longest - len(row)) for row in rows]

    def files(self):
        """Contents of `tokenizer.json` and `tokenizer_config.json`."""
        special = [
            {"id": self.ids[t], "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
            for t in (START, END)
        ]
        tokenizer = {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": special,
            "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Lowercase"}]},
            "pre_tokenizer": {
                "type": "Sequence",
                "pretokenizers": [
                    {"type": "Split", "pattern": {"Regex": r"[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"}, "behavior": "Removed", "invert": True},
                    {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True},
                ],
            },
            "post_processor": {"type": "RobertaProcessing", "sep": [END, self.end], "cls": [START, self.start], "trim_offsets": False, "add_prefix_space": False},
            "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True},
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": END,
                "continuing_subword_prefix": "",
                "end_of_word_suffix": "</w>",
                "fuse_unk": False,
                "vocab": self.ids,
                "merges": [" ".join(m) for m in self.merges],
            },
        }
        config = {
            "tokenizer_class": "CLIPTokenizer",
            "bos_token": START,
            "eos_token": END,
            "unk_token": END,
            "pad_token": END,
            "model_max_length": MAX_TOKENS,
        }
        return tokenizer, config

    def save(self, path):
        json.dump(self.merges, open(path, "w"))

    @staticmethod
    def load(path):
        return Words(json.load(open(path)))


def _merge(parts, pair):
    merged, i = [], 0
    while i < len(parts):
        if i + 1 < len(parts) and (parts[i], parts[i + 1]) == pair:
            merged.append(parts[i] + parts[i + 1])
            i += 2
        else:
            merged.append(parts[i])
            i += 1
    return merged
