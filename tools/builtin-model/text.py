"""Teaches the text tower more: `python3 text.py DATA RUNS --minutes 8`.

The image tower stays as it is, so its embeddings of the bank can be used as they lie there and a step costs next to
nothing; what the text tower gains is thousands of captions for every picture. Needs the bank.
"""

import argparse

import numpy as np
import torch
import torch.nn.functional as F

from bank import load
from clip import Batches, contrast, learn_words, measure_all, rank_one
from data import SPOILED, Pictures, backgrounds, caption, clip_pixels, place, spoiled
from loop import DEVICE, Ahead, Stage, to_device
from nets import CLIP_SIDE, ImageTower, TextTower

SPOILED_PICTURES = 240


@torch.no_grad()
def spoiled_embeds(image, pictures):
    """Unit embeddings of spoiled pictures, and of each its kind's number and its words."""
    rng = np.random.default_rng(13)
    embeds, kinds, words = [], [], []
    for number, kind in enumerate(SPOILED):
        for _ in range(SPOILED_PICTURES):
            row = pictures.draw(rng, rng.choice(pictures.training, 1))
            x = place(rng, pictures.pixels[row], backgrounds(rng, 1, CLIP_SIDE)[0], pictures.flips[row])
            x, said = spoiled(rng, kind, x)
            embeds.append(F.normalize(image(to_device(clip_pixels(x))), dim=-1).cpu())
            kinds.append(number)
            words.append(said)
    return torch.cat(embeds), np.array(kinds), words


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("data")
    arguments.add_argument("runs")
    arguments.add_argument("--minutes", type=float, default=8)
    arguments.add_argument("--concepts", type=int, default=256)
    arguments.add_argument("--rate", type=float, default=1e-3)
    a = arguments.parse_args()
    pictures = Pictures(a.data)
    words = learn_words(pictures, f"{a.runs}/words.json")
    measured = measure_all(pictures, f"{a.data}/measured.json")
    batches = Batches(pictures, measured, words)
    image, text = ImageTower(), TextTower(len(words.ids), words.start, dropout=0.25)
    load(a.runs, "clip", {"image": image, "text": text})
    bank = np.load(f"{a.runs}/bank.npz")
    embeds = F.normalize(torch.from_numpy(bank["embeds"]), dim=-1)
    of_concept = {}
    for i, concept in enumerate(bank["concepts"]):
        of_concept.setdefault(int(concept), []).append(i)
    rows, scenes, colours = bank["rows"], bank["scenes"], bank["colours"]
    bad, kinds, bad_words = spoiled_embeds(image, pictures)
    text.train().requires_grad_(True)
    stage = Stage("text", a.runs, {"text": text}, a.minutes, a.rate, decay=0.2)
    text = stage.modules["text"]

    def draw(rng):
        concepts = np.repeat(rng.choice(len(of_concept), a.concepts, replace=False), 2)
        chosen = [int(rng.choice(of_concept[c])) for c in concepts]
        captions = [caption(rng, pictures.index[rows[i]], measured[rows[i]], colours[scenes[i]]) for i in chosen]
        spoilt = rng.choice(len(bad), a.concepts // 10, replace=False)
        captions += [str(rng.choice(bad_words[i])) for i in spoilt]
        owner = np.concatenate([concepts, len(of_concept) + kinds[spoilt]])
        return torch.cat([embeds[chosen], bad[spoilt]]), batches.ids(captions), torch.from_numpy(owner)

    ahead = Ahead(draw)

    def step(rng, progress):
        images, ids, owner = (x.to(DEVICE) for x in ahead(rng))
        # Noise on the embeddings stands for pictures that are not in the bank.
        images = F.normalize(images + 0.04 * torch.randn_like(images), dim=-1)
        logits = 20 * images @ text(ids).T
        same = owner[:, None] == owner[None]
        loss = 0.5 * (contrast(logits, same) + contrast(logits.T, same))
        return loss, {"loss": loss.detach()}

    def report():
        forward, backward = rank_one(image, stage.average["text"], pictures, batches)
        print(f"held out, 1 of 50: picture to text {forward:.1%}, text to picture {backward:.1%}", flush=True)
        image.eval()

    stage.run(step, report)


if __name__ == "__main__":
    main()
