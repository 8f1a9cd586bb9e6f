"""Writes held-out pictures for measuring: `python3 heldout.py DATA OUT`.

Three styles of each held-out concept, where there are as many, on white and on pale colours, with the words by which
CLIP should know them. `measure.ts` reads them.
"""

import json
import os
import sys

import numpy as np
import torch
from PIL import Image

from clip import held_out_text
from data import SIDE, Pictures, plain


def main():
    data, out = sys.argv[1:3]
    pictures = Pictures(data)
    rng = np.random.default_rng(11)
    os.makedirs(f"{out}/pictures", exist_ok=True)
    listed = []
    for concept in pictures.held_out:
        rows = pictures.concepts[concept]
        by_set = {}
        for row in rng.permutation(rows):
            by_set.setdefault(pictures.index[row]["set"], int(row))
        for number, (style, row) in enumerate(sorted(by_set.items(), key=lambda _: rng.random())[:3]):
            ground = np.ones(3) if number == 0 else 1 - 0.3 * rng.random(3)
            x = plain(pictures.pixels[row][None], torch.from_numpy(np.float32(ground))[:, None, None])[0]
            file = f"pictures/{style}-{concept}.png"
            pixels = ((x.permute(1, 2, 0).numpy() + 1) * 127.5).round().clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(f"{out}/{file}")
            entry = pictures.index[row]
            listed.append({"concept": concept, "name": entry["name"], "text": held_out_text(entry), "set": style, "file": file})
    json.dump({"size": SIDE, "pictures": listed}, open(f"{out}/heldout.json", "w"), indent=1)
    print(f"{len(listed)} pictures of {len(pictures.held_out)} concepts")


if __name__ == "__main__":
    main()
