"""Trains the text tower further: `python3 text.py DATA RUNS --held-out DIR --minutes 15`.

The image tower is frozen, so its precomputed embeddings in the bank are used and steps are very cheap; the text tower sees
many more captions per picture. Needs the bank.
"""

import argparse

import numpy as np
import torch
import torch.nn.functional as F

from bank import Bank, load
from clip import Batches, contrast, learn_words, rank_one
from data import SPOILED, Worlds, clip_pixels, spoiled
from loop import DEVICE, Ahead, Stage, to_device
from nets import ImageTower, TextTower

SPOILED_PICTURES = 240


@torch.no_grad()
def spoiled_embeds(image, worlds):
    """Unit embeddings of spoiled pictures, and the index of each one's kind."""
    rng = np.random.default_rng(13)
    embeds, kinds = [], []
    for number, kind in enumerate(SPOILED):
        for row in rng.integers(0, worlds.count, SPOILED_PICTURES):
            x = F.avg_pool2d(worlds.pictures([row]), 2)
            embeds.append(F.normalize(image(to_device(clip_pixels(spoiled(rng, kind, x)))), dim=-1).cpu())
            kinds.append(number)
    return torch.cat(embeds), np.array(kinds)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("data")
    arguments.add_argument("runs")
    arguments.add_argument("--held-out", required=True, help="a collection drawn with another seed")
    arguments.add_argument("--minutes", type=float, default=15)
    arguments.add_argument("--scenes", type=int, default=256)
    arguments.add_argument("--rate", type=float, default=1e-3)
    a = arguments.parse_args()
    worlds, held_out = Worlds(a.data), Worlds(a.held_out)
    words = learn_words(worlds, f"{a.runs}/words.json")
    batches = Batches(worlds, words)
    image, text = ImageTower(), TextTower(len(words.ids), words.start, dropout=0.1)
    load(a.runs, "clip", {"image": image, "text": text})
    bank = Bank(a.runs)
    clean, photographs = (F.normalize(torch.from_numpy(each), dim=-1) for each in (bank.embeds, bank.photographs))
    bad, kinds = spoiled_embeds(image, worlds)
    names = list(SPOILED)
    text.train().requires_grad_(True)
    stage = Stage("text", a.runs, {"text": text}, a.minutes, a.rate, decay=0.1)
    text = stage.modules["text"]
    scenes = len(clean) // worlds.layouts

    def draw(rng):
        chosen = rng.choice(scenes, a.scenes, replace=False)
        rows = worlds.rows(chosen, rng.integers(0, worlds.layouts, a.scenes))
        captions = [str(rng.choice(worlds.scenes[s]["captions"])) for s in chosen]
        spoilt = rng.choice(len(bad), a.scenes // 10, replace=False)
        captions += [str(rng.choice(SPOILED[names[kinds[i]]])) for i in spoilt]
        images = torch.where(torch.rand(a.scenes, 1) < 0.3, photographs[rows], clean[rows])
        owner = np.concatenate([chosen, scenes + kinds[spoilt]])
        return torch.cat([images, bad[spoilt]]), batches.ids(captions), torch.from_numpy(owner)

    ahead = Ahead(draw)

    def step(rng, progress):
        images, ids, owner = (x.to(DEVICE) for x in ahead(rng))
        # Noise on the embeddings as augmentation.
        images = F.normalize(images + 0.03 * torch.randn_like(images), dim=-1)
        logits = 20 * images @ text(ids).T
        same = owner[:, None] == owner[None]
        loss = 0.5 * (contrast(logits, same) + contrast(logits.T, same))
        return loss, {"loss": loss.detach()}

    def report():
        forward, backward = rank_one(image, stage.average["text"], held_out, batches)
        print(f"held out, 1 of 50: picture to text {forward:.1%}, text to picture {backward:.1%}", flush=True)
        image.eval()

    stage.run(step, report)


if __name__ == "__main__":
    main()
