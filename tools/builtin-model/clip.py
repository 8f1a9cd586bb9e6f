"""Trains the CLIP pair: `python3 clip.py DATA RUNS --minutes 15`.

Contrastive (Radford et al. 2021) over pictures and captions. Two pictures of each concept are in a batch, in other
styles and on other backgrounds; they are neither right nor wrong answers for each other. Captions name the thing, its
keywords, and what can be measured: colours, light, detail, background, style. A tenth of the pictures is spoiled
(blurred, tiled, blown up to texture, noise, nothing, outlines) and called so, so that prompts can ask for less of that.
"""

import argparse
import json
import os

import numpy as np
import torch
import torch.nn.functional as F

from data import SPOILED, STYLE, Pictures, backgrounds, caption, clip_pixels, measured_words, place, plain, spoiled, words_of
from loop import DEVICE, Ahead, Stage, autocast, to_device
from nets import CLIP_SIDE, ImageTower, TextTower
from words import Words

MERGES = 1500


def learn_words(pictures, path):
    if not os.path.exists(path):
        texts = []
        for concept in pictures.training:
            name, tags, kind = words_of(pictures.index[pictures.concepts[concept][0]])
            texts += [name, *tags, *kind]
        texts += [w for words in STYLE.values() for w in words]
        texts += "dark bright colourful grey detailed simple black white red orange yellow green turquoise blue purple pink brown background".split()
        for kind in SPOILED:
            texts += spoiled(np.random.default_rng(0), kind, torch.zeros(1, 3, 128, 128))[1]
        Words.learn(texts, MERGES).save(path)
    return Words.load(path)


def measure_all(pictures, path):
    """What can be measured from each picture, kept beside the data."""
    if not os.path.exists(path):
        json.dump([measured_words(p) for p in pictures.pixels], open(path, "w"))
    return json.load(open(path))


class Batches:
    """Pictures and captions, as the contrastive loss wants them."""

    def __init__(self, pictures, measured, words):
        self.pictures, self.measured, self.words = pictures, measured, words

    def draw(self, rng, n):
        """2n pictures of n concepts, their captions, and whose picture each is; spoiled ones are alone with their kind."""
        p = self.pictures
        concepts = rng.choice(p.training, n, replace=False)
        rows = p.draw(rng, np.repeat(concepts, 2))
        ground, colours = backgrounds(rng, len(rows), CLIP_SIDE)
        x = place(rng, p.pixels[rows], ground, p.flips[rows], sizes=(0.55, 1.05))
        texts = [caption(rng, p.index[r], self.measured[r], c) for r, c in zip(rows, colours)]
        owner = np.repeat(np.arange(n), 2)
        for i, position in enumerate(rng.choice(len(rows), len(rows) // 10, replace=False)):
            kind = SPOILED[i % len(SPOILED)]
            x[position : position + 1], spoiled_words = spoiled(rng, kind, x[position : position + 1])
            texts[position] = str(rng.choice(spoiled_words))
            if kind in ("blurry", "outline") and rng.random() < 0.6:
                texts[position] += " " + words_of(p.index[rows[position]])[0]
            owner[position] = n + SPOILED.index(kind)
        return x, texts, torch.from_numpy(owner)

    def ids(self, texts):
        return torch.tensor(self.words.encode(texts), device=DEVICE)


def contrast(logits, same):
    """Cross-entropy with the diagonal as the answers; others of the same thing are left out."""
    logits = logits.masked_fill(same & ~torch.eye(len(same), dtype=torch.bool, device=same.device), -1e4)
    return F.cross_entropy(logits, torch.arange(len(logits), device=logits.device))


def held_out_text(entry):
    """What a held-out picture is looked for by: its kind, its name and its keywords."""
    name, tags, kind = words_of(entry)
    return ", ".join([*kind, name, *tags[:8]])


@torch.no_grad()
def rank_one(image, text, pictures, batches, draws=40, among=50):
    """How often the right one of 50 held-out concepts comes first: picture to text and text to picture."""
    image.eval(), text.eval()
    rng = np.random.default_rng(3)
    entries = {c: pictures.draw(rng, [c])[0] for c in pictures.held_out}
    x = torch.cat([clip_pixels(plain(pictures.pixels[r : r + 1])) for r in entries.values()])
    with autocast():
        images = F.normalize(image(to_device(x)), dim=-1)
        texts = text(batches.ids([held_out_text(pictures.index[r]) for r in entries.values()]))
    similarity = images @ texts.T
    right = []
    for _ in range(draws):
        chosen = torch.from_numpy(rng.permutation(len(entries))[:among])
        part = similarity[chosen][:, chosen]
        answers = torch.arange(among)
        right.append([(part.argmax(1).cpu() == answers).float().mean(), (part.argmax(0).cpu() == answers).float().mean()])
    image.train(), text.train()
    return np.mean(right, 0)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("data")
    arguments.add_argument("runs")
    arguments.add_argument("--minutes", type=float, default=15)
    arguments.add_argument("--concepts", type=int, default=96)
    arguments.add_argument("--rate", type=float, default=2e-3)
    a = arguments.parse_args()
    pictures = Pictures(a.data)
    words = learn_words(pictures, f"{a.runs}/words.json")
    batches = Batches(pictures, measure_all(pictures, f"{a.data}/measured.json"), words)
    modules = {
        "image": ImageTower(),
        "text": TextTower(len(words.ids), words.start),
        "temperature": torch.nn.ParameterDict({"log": torch.nn.Parameter(torch.tensor(np.log(14.0), dtype=torch.float32))}),
    }
    stage = Stage("clip", a.runs, modules, a.minutes, a.rate, decay=0.1)
    image, text, temperature = (stage.modules[k] for k in ("image", "text", "temperature"))

    def draw(rng):
        x, texts, owner = batches.draw(rng, a.concepts)
        return clip_pixels(x), batches.ids(texts), owner

    ahead = Ahead(draw)

    def step(rng, progress):
        x, ids, owner = ahead(rng)
        owner = owner.to(DEVICE)
        with autocast():
            images, captions = F.normalize(image(to_device(x)), dim=-1), text(ids)
        logits = temperature["log"].exp().clamp(max=50) * images @ captions.T
        same = owner[:, None] == owner[None]
        loss = 0.5 * (contrast(logits, same) + contrast(logits.T, same))
        return loss, {"loss": loss.detach(), "temperature": temperature["log"].detach().exp()}

    def report():
        forward, backward = rank_one(stage.average["image"], stage.average["text"], pictures, batches)
        print(f"held out, 1 of 50: picture to text {forward:.1%}, text to picture {backward:.1%}", flush=True)

    stage.run(step, report)


if __name__ == "__main__":
    main()
