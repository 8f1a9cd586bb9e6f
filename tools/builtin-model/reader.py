"""Trains the attribute reader: `python3 reader.py DATA RUNS --held-out HELDOUT --minutes 15`.

A small convolutional network that classifies family, time, weather, season, sky, palette, style and thing of a picture at
128×128 pixels. `measure.ts` compares a start picture and its variant with it: zero-shot classification by the CLIP pair,
at 96×96 pixels, confuses seasons and kinds of weather, so that it calls pictures different that are not. It is a tool of
measuring only, and not part of the model. Trained on drawings, some of them blurred, because variants are softer.
"""

import argparse
import os

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from data import Worlds
from export import write_onnx
from loop import DEVICE, Ahead, Stage, autocast, to_device

READER = "weights/attribute-reader.onnx"
SIDE = 128
ATTRIBUTES = ("family", "time", "weather", "season", "sky", "palette", "style", "thing")
CHANNELS = (24, 48, 96, 128, 160)
HEIGHTS = SIDE // 2 ** len(CHANNELS)


class Reader(nn.Module):
    """Scores of all values of all attributes, [b, values], of pictures [b, 3, 128, 128] in -1…1."""

    def __init__(self, values):
        super().__init__()
        layers, before = [], 3
        for level, width in enumerate(CHANNELS):
            kernel = 5 if level == 0 else 3
            layers += [nn.Conv2d(before, width, kernel, stride=2, padding=kernel // 2, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            if level > 0:
                layers += [nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            before = width
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(before * HEIGHTS, values)

    def forward(self, x):
        # Averages over the width only: sky is above and ground below.
        return self.head(self.body(x).mean(3).flatten(1))


def label(scene, attribute):
    """The value of an attribute, None where it does not apply: the rules of `trueValue` in measure/attribute-reader.ts."""
    if attribute == "weather":
        return None if scene["family"] == "underwater" else scene["weather"]
    if attribute == "season":
        return None if scene["season"] == "none" else scene["season"]
    if attribute == "sky":
        return None if scene["sky"] == "plain" else scene["sky"]
    if attribute == "thing":
        return scene["things"][0] if len(scene["things"]) == 1 else None
    return scene[attribute]


def labels_of(worlds):
    """Index of the value of each attribute of each scene, -1 where it does not apply."""
    places = {attribute: list(worlds.words[attribute]) for attribute in ATTRIBUTES}
    rows = []
    for scene in worlds.scenes[: worlds.count // worlds.layouts]:
        values = [(attribute, label(scene, attribute)) for attribute in ATTRIBUTES]
        rows.append([-1 if value is None else places[attribute].index(value) for attribute, value in values])
    return torch.tensor(rows)


def halved(worlds, path):
    """Bytes [n, 128, 128, 3] of all pictures, averaged over 2×2 pixels; computed once."""
    if not os.path.exists(path):
        halves = np.empty((worlds.count, SIDE, SIDE, 3), np.uint8)
        for first in range(0, worlds.count, 256):
            p = worlds.pixels[first : first + 256].astype(np.uint16)
            halves[first : first + 256] = (p[:, ::2, ::2] + p[:, 1::2, ::2] + p[:, ::2, 1::2] + p[:, 1::2, 1::2] + 2) // 4
        np.save(path, halves)
    return np.load(path, mmap_mode="r")


def unit_range(pixels):
    return torch.from_numpy(np.asarray(pixels)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def softened(rng, x):
    """A third of the batches blurred, a third noisy, half mirrored."""
    if rng.random() < 0.35:
        x = F.interpolate(F.avg_pool2d(x, int(rng.integers(2, 5))), size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    if rng.random() < 0.3:
        x = x + torch.randn_like(x) * rng.uniform(0, 0.08)
    return x.flip(3) if rng.random() < 0.5 else x


@torch.no_grad()
def accuracy(reader, pixels, labels, layouts, sizes):
    """Prints the share of right answers for each attribute."""
    scores = torch.cat([reader(unit_range(pixels[first : first + 100])) for first in range(0, len(pixels), 100)])
    truths = labels.repeat_interleave(layouts, 0)
    for place, (attribute, part) in enumerate(zip(ATTRIBUTES, scores.split(sizes, 1))):
        known = truths[:, place] >= 0
        right = (part.argmax(1) == truths[:, place])[known].float().mean()
        print(f"{attribute}: {right:.1%} of {int(known.sum())}", flush=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("data")
    arguments.add_argument("runs")
    arguments.add_argument("--held-out", required=True)
    arguments.add_argument("--minutes", type=float, default=15)
    arguments.add_argument("--batch", type=int, default=48)
    a = arguments.parse_args()
    worlds, held_out = Worlds(a.data), Worlds(a.held_out)
    sizes = [len(worlds.words[attribute]) for attribute in ATTRIBUTES]
    pixels, labels = halved(worlds, f"{a.runs}/halved.npy"), labels_of(worlds)
    stage = Stage("reader", a.runs, {"reader": Reader(sum(sizes))}, a.minutes, 2e-3, average=0.995)
    reader = stage.modules["reader"].train()

    def batch(rng):
        rows = np.sort(rng.integers(0, len(pixels), a.batch))
        return softened(rng, unit_range(pixels[rows])), labels[rows // worlds.layouts]

    ahead = Ahead(batch)

    def step(rng, progress):
        x, truths = ahead(rng)
        with autocast():
            scores = reader(to_device(x)).float()
        parts = zip(scores.split(sizes, 1), truths.to(DEVICE).unbind(1))
        loss = sum(F.cross_entropy(part, truth, ignore_index=-1, label_smoothing=0.05) for part, truth in parts)
        return loss, {"loss": loss.detach()}

    stage.run(step)
    trained = stage.average["reader"].eval().cpu()
    accuracy(trained, halved(held_out, f"{a.runs}/halved-held-out.npy"), labels_of(held_out), held_out.layouts, sizes)
    write_onnx(READER, trained, torch.zeros(1, 3, SIDE, SIDE), "picture", "scores", {0: "batch"})


if __name__ == "__main__":
    main()
