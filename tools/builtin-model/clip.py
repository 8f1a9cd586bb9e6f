"""Trains the CLIP pair: `python3 clip.py DATA RUNS --held-out DIR --minutes 45`.

Contrastive training (Radford et al. 2021) on pictures and captions. A batch has two layouts of each scene, which are
neither positives nor negatives of each other. Half of the pictures are augmented to resemble photographs, and a tenth is
spoiled and captioned accordingly, so that negative prompts work.

Auxiliary heads, which are discarded later, predict the scene's attributes, its things, and a thumbnail of its colours from
the image embedding, so that the embedding keeps palette, horizon and light, which photographs share with the scenes.
"""

import argparse
import os

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from data import ATTRIBUTES, SPOILED, Worlds, clip_pixels, like_photograph, spoiled
from loop import DEVICE, Ahead, Stage, autocast, to_device
from nets import EMBEDDING_WIDTH, ImageTower, TextTower
from words import Words

MERGES = 1000
THUMBNAIL = 6


def learn_words(worlds, path):
    if not os.path.exists(path):
        texts = [text for scene in worlds.scenes for text in scene["captions"]]
        Words.learn(texts + [word for words in SPOILED.values() for word in words], MERGES).save(path)
    return Words.load(path)


class Labels:
    """Encodes attributes of scenes as class indices."""

    def __init__(self, scenes):
        self.values = {name: sorted({scene[name] for scene in scenes}) for name in ATTRIBUTES}
        self.things = sorted({thing for scene in scenes for thing in scene["things"]})

    def of(self, scenes):
        """Class indices [n] of each attribute, and multi-hot things [n, things]."""
        classes = {name: torch.tensor([values.index(s[name]) for s in scenes]) for name, values in self.values.items()}
        things = torch.tensor([[float(thing in s["things"]) for thing in self.things] for s in scenes])
        return classes, things


class Heads(nn.Module):
    """Auxiliary heads on the image embedding, used in training only."""

    def __init__(self, labels):
        super().__init__()
        self.attributes = nn.ModuleDict({name: nn.Linear(EMBEDDING_WIDTH, len(values)) for name, values in labels.values.items()})
        self.things = nn.Linear(EMBEDDING_WIDTH, len(labels.things))
        self.thumbnail = nn.Linear(EMBEDDING_WIDTH, 3 * THUMBNAIL**2)

    def loss(self, embeds, classes, things, thumbnails, kept):
        """Auxiliary losses of the rows selected by `kept`: attributes, things, colours."""
        e = embeds[kept]
        attributes = sum(F.cross_entropy(head(e), classes[name][kept]) for name, head in self.attributes.items())
        found = F.binary_cross_entropy_with_logits(self.things(e), things[kept])
        colours = F.mse_loss(self.thumbnail(e), thumbnails[kept])
        return attributes / len(self.attributes), found, colours


class Batches:
    """Random batches of pictures and captions for the contrastive loss."""

    def __init__(self, worlds, words):
        self.worlds, self.words = worlds, words
        self.labels = Labels(worlds.scenes)
        self.available = worlds.count // worlds.layouts

    def draw(self, rng, n):
        """2n pictures of n scenes as CLIP pixels, with token ids, scene indices and labels."""
        w = self.worlds
        chosen = rng.choice(self.available, n, replace=False)
        layouts = np.stack([rng.permutation(w.layouts)[:2] for _ in chosen])
        rows = w.rows(chosen[:, None], layouts).reshape(-1)
        x = w.pictures(rows)
        thumbnails = F.adaptive_avg_pool2d(x, THUMBNAIL).flatten(1)
        small = F.avg_pool2d(x, 2)
        degraded = rng.random(len(rows)) < 0.5
        pixels = clip_pixels(x)
        pixels[degraded] = clip_pixels(like_photograph(rng, small[degraded]))
        scenes = [w.scene(r) for r in rows]
        texts = [str(rng.choice(scene["captions"])) for scene in scenes]
        owner = np.repeat(np.arange(n), 2)
        kept = np.ones(len(rows), bool)
        for i, position in enumerate(rng.choice(len(rows), len(rows) // 10, replace=False)):
            kind = list(SPOILED)[i % len(SPOILED)]
            pixels[position : position + 1] = clip_pixels(spoiled(rng, kind, small[position : position + 1]))
            texts[position] = str(rng.choice(SPOILED[kind]))
            owner[position] = n + list(SPOILED).index(kind)
            kept[position] = False
        classes, things = self.labels.of(scenes)
        return pixels, self.ids(texts), torch.from_numpy(owner), classes, things, thumbnails, torch.from_numpy(kept)

    def ids(self, texts):
        return torch.tensor(self.words.encode(texts), device=DEVICE)


def contrast(logits, same):
    """Cross-entropy with the diagonal as targets; other entries of the same scene are masked."""
    logits = logits.masked_fill(same & ~torch.eye(len(same), dtype=torch.bool, device=same.device), -1e4)
    return F.cross_entropy(logits, torch.arange(len(logits), device=logits.device))


@torch.no_grad()
def rank_one(image, text, worlds, batches, draws=40, among=50):
    """Top-1 retrieval accuracy among 50 on a held-out collection: picture to caption, and caption to picture."""
    image.eval(), text.eval()
    rng = np.random.default_rng(3)
    scenes = worlds.scenes[: worlds.count // worlds.layouts]
    rows = worlds.rows(np.arange(len(scenes)), 0)
    with autocast():
        parts = [image(to_device(clip_pixels(worlds.pictures(part)))) for part in np.array_split(rows, max(1, len(rows) // 50))]
        images = F.normalize(torch.cat(parts), dim=-1)
        texts = text(batches.ids([scene["caption"] for scene in scenes]))
    similarity = images @ texts.T
    right = []
    for _ in range(draws):
        chosen = torch.from_numpy(rng.permutation(len(scenes))[:among])
        part = similarity[chosen][:, chosen]
        answers = torch.arange(len(chosen), device=part.device)
        right.append([(part.argmax(1) == answers).float().mean().item(), (part.argmax(0) == answers).float().mean().item()])
    image.train(), text.train()
    return np.mean(right, 0)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("data")
    arguments.add_argument("runs")
    arguments.add_argument("--held-out", required=True, help="a collection drawn with another seed")
    arguments.add_argument("--minutes", type=float, default=45)
    arguments.add_argument("--scenes", type=int, default=96)
    arguments.add_argument("--rate", type=float, default=2e-3)
    a = arguments.parse_args()
    worlds, held_out = Worlds(a.data), Worlds(a.held_out)
    words = learn_words(worlds, f"{a.runs}/words.json")
    batches = Batches(worlds, words)
    modules = {
        "image": ImageTower(),
        "text": TextTower(len(words.ids), words.start),
        "heads": Heads(batches.labels),
        "temperature": torch.nn.ParameterDict({"log": torch.nn.Parameter(torch.tensor(np.log(14.0), dtype=torch.float32))}),
    }
    stage = Stage("clip", a.runs, modules, a.minutes, a.rate, decay=0.1)
    image, text, heads, temperature = (stage.modules[k] for k in ("image", "text", "heads", "temperature"))
    ahead = Ahead(lambda rng: batches.draw(rng, a.scenes))

    def step(rng, progress):
        pixels, ids, owner, classes, things, thumbnails, kept = ahead(rng)
        owner = owner.to(DEVICE)
        with autocast():
            embeds, captions = image(to_device(pixels)), text(ids)
        logits = temperature["log"].exp().clamp(max=50) * F.normalize(embeds, dim=-1) @ captions.T
        same = owner[:, None] == owner[None]
        pair = 0.5 * (contrast(logits, same) + contrast(logits.T, same))
        classes = {name: values.to(DEVICE) for name, values in classes.items()}
        attributes, found, colours = heads.loss(embeds, classes, things.to(DEVICE), thumbnails.to(DEVICE), kept.to(DEVICE))
        loss = pair + 0.5 * attributes + found + 4 * colours
        figures = {"pair": pair, "attributes": attributes, "things": found, "colours": colours}
        return loss, {name: value.detach() for name, value in figures.items()}

    def report():
        forward, backward = rank_one(stage.average["image"], stage.average["text"], held_out, batches)
        print(f"held out, 1 of 50: picture to text {forward:.1%}, text to picture {backward:.1%}", flush=True)

    stage.run(step, report, every=20)


if __name__ == "__main__":
    main()
