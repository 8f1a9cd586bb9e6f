"""Trains the CLIP pair: `python3 clip.py DATA RUNS --held-out DIR --minutes 85`.

Contrastive training (Radford et al. 2021) on pictures and captions. A batch has two layouts of each scene, which are
neither positives nor negatives of each other. Half of the pictures are augmented to resemble photographs, and a tenth gets
a defect and a caption that names it, so that negative prompts work.

Captions mix attributes, so the contrastive loss alone says little about single words. A second loss classifies each
attribute of a picture among its values' words ("dawn", "by day", "night", …), as zero-shot classification and prompts use
them.

Auxiliary heads, which are discarded later, predict the scene's things and a thumbnail of its colours from the image
embedding, so that the embedding keeps palette, horizon and light, which photographs share with the scenes.
"""

import argparse
import os
from collections import Counter

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from data import DEFECTS, Worlds, clip_pixels, like_photograph, with_defect
from loop import DEVICE, Ahead, Stage, autocast, to_device
from nets import EMBEDDING_WIDTH, ImageTower, TextTower
from words import Words

MERGES = 1000
THUMBNAIL = 6


def learn_words(worlds, path):
    if not os.path.exists(path):
        texts = [text for scene in worlds.scenes for text in scene["captions"]]
        Words.learn(texts + [word for words in DEFECTS.values() for word in words], MERGES).save(path)
    return Words.load(path)


class Attributes:
    """Values of each attribute, their words, and the classes of scenes.

    `words` maps an attribute to values to words. Words of several values ("moon") denote none of them and are omitted.
    """

    def __init__(self, words):
        self.words = {}
        for name, values in words.items():
            uses = Counter(word for each in values.values() for word in each)
            self.words[name] = {value: [word for word in each if uses[word] == 1] for value, each in values.items()}
        self.things = list(self.words["thing"])

    def prompts(self, rng):
        """A random word of each value, attribute after attribute."""
        return [str(rng.choice(each)) for values in self.words.values() for each in values.values()]

    def classes(self, scenes):
        """Class indices [n] of each attribute: -1 where none applies, or several things."""
        return {name: torch.tensor([self._index(name, scene) for scene in scenes]) for name in self.words}

    def _index(self, name, scene):
        if name == "thing":
            value = scene["things"][0] if len(scene["things"]) == 1 else None
        else:
            value = None if (name, scene["family"]) == ("weather", "underwater") else scene[name]
        values = list(self.words[name])
        return values.index(value) if value in values else -1

    def multi_hot(self, scenes):
        """The things of scenes as [n, things]."""
        return torch.tensor([[float(thing in s["things"]) for thing in self.things] for s in scenes])


class Heads(nn.Module):
    """Auxiliary heads on the image embedding, used in training only."""

    def __init__(self, things):
        super().__init__()
        self.things = nn.Linear(EMBEDDING_WIDTH, things)
        self.thumbnail = nn.Linear(EMBEDDING_WIDTH, 3 * THUMBNAIL**2)

    def loss(self, embeds, things, thumbnails):
        """Auxiliary losses: things, colours."""
        return F.binary_cross_entropy_with_logits(self.things(embeds), things), F.mse_loss(self.thumbnail(embeds), thumbnails)


class Batches:
    """Random batches of pictures and captions for the contrastive loss."""

    def __init__(self, worlds, words):
        self.worlds, self.words = worlds, words
        self.attributes = Attributes(worlds.words)
        self.available = worlds.count // worlds.layouts

    def draw(self, rng, n):
        """2n pictures of n scenes as CLIP pixels, token ids of their captions and of the attributes' words, and labels."""
        w = self.worlds
        chosen = rng.choice(self.available, n, replace=False)
        layouts = np.stack([rng.permutation(w.layouts)[:2] for _ in chosen])
        rows = w.rows(chosen[:, None], layouts).reshape(-1)
        x = w.small_pictures(rows)
        thumbnails = F.adaptive_avg_pool2d(x, THUMBNAIL).flatten(1)
        degraded = rng.random(len(rows)) < 0.5
        scenes = [w.scene(r) for r in rows]
        texts = [str(rng.choice(scene["captions"])) for scene in scenes]
        owner = np.repeat(np.arange(n), 2)
        kept = np.ones(len(rows), bool)
        for i, position in enumerate(rng.choice(len(rows), len(rows) // 10, replace=False)):
            kind = list(DEFECTS)[i % len(DEFECTS)]
            x[position : position + 1] = with_defect(rng, kind, x[position : position + 1])
            texts[position] = str(rng.choice(DEFECTS[kind]))
            owner[position] = n + list(DEFECTS).index(kind)
            kept[position] = degraded[position] = False
        x[degraded] = like_photograph(rng, x[degraded])
        return {
            "pixels": clip_pixels(x),
            "captions": self.ids(texts),
            "words": self.ids(self.attributes.prompts(rng)),
            "owner": torch.from_numpy(owner),
            "classes": self.attributes.classes(scenes),
            "things": self.attributes.multi_hot(scenes),
            "thumbnails": thumbnails,
            "kept": torch.from_numpy(kept),
        }

    def ids(self, texts):
        return torch.tensor(self.words.encode(texts), device=DEVICE)


def contrast(logits, same):
    """Cross-entropy with the diagonal as targets; other entries of the same scene are masked."""
    logits = logits.masked_fill(same & ~torch.eye(len(same), dtype=torch.bool, device=same.device), -1e4)
    return F.cross_entropy(logits, torch.arange(len(logits), device=logits.device))


def read_attributes(attributes, logits, classes):
    """Mean cross-entropy of the attributes of pictures, given logits [n, words] against `Attributes.prompts`."""
    losses, first = [], 0
    for name, values in attributes.words.items():
        losses.append(F.cross_entropy(logits[:, first : first + len(values)], classes[name], ignore_index=-1))
        first += len(values)
    return sum(losses) / len(losses)


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
    arguments.add_argument("--minutes", type=float, default=85)
    arguments.add_argument("--scenes", type=int, default=64)
    arguments.add_argument("--rate", type=float, default=2e-3)
    a = arguments.parse_args()
    worlds, held_out = Worlds(a.data), Worlds(a.held_out)
    words = learn_words(worlds, f"{a.runs}/words.json")
    worlds.resize_all(f"{a.data}/clip.rgb")
    batches = Batches(worlds, words)
    modules = {
        "image": ImageTower(),
        "text": TextTower(len(words.ids), words.start),
        "heads": Heads(len(batches.attributes.things)),
        "temperature": torch.nn.ParameterDict({"log": torch.nn.Parameter(torch.tensor(np.log(14.0), dtype=torch.float32))}),
    }
    stage = Stage("clip", a.runs, modules, a.minutes, a.rate, decay=0.1)
    image, text, heads, temperature = (stage.modules[k] for k in ("image", "text", "heads", "temperature"))
    ahead = Ahead(lambda rng: batches.draw(rng, a.scenes))

    def step(rng, progress):
        batch = ahead(rng)
        owner, kept = batch["owner"].to(DEVICE), batch["kept"].to(DEVICE)
        with autocast():
            embeds, captions = image(to_device(batch["pixels"])), text(batch["captions"])
            words = text(batch["words"])
        scale = temperature["log"].exp().clamp(max=50)
        directions = F.normalize(embeds, dim=-1)
        logits = scale * directions @ captions.T
        same = owner[:, None] == owner[None]
        pair = 0.5 * (contrast(logits, same) + contrast(logits.T, same))
        classes = {name: values.to(DEVICE)[kept] for name, values in batch["classes"].items()}
        read = read_attributes(batches.attributes, scale * directions[kept] @ words.T, classes)
        things, colours = heads.loss(embeds[kept], batch["things"].to(DEVICE)[kept], batch["thumbnails"].to(DEVICE)[kept])
        loss = pair + 2.5 * read + things + 4 * colours
        figures = {"pair": pair, "attributes": read, "things": things, "colours": colours}
        return loss, {name: value.detach() for name, value in figures.items()}

    def report():
        forward, backward = rank_one(stage.average["image"], stage.average["text"], held_out, batches)
        print(f"held out, 1 of 50: picture to text {forward:.1%}, text to picture {backward:.1%}", flush=True)

    stage.run(step, report, every=50)


if __name__ == "__main__":
    main()
