"""The pictures, the words for them, and how both are varied in training."""

import hashlib
import io
import json
import os

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from nets import CLIP_SIDE

SIDE = 128
# Turned round, these would mean something else or nothing: whole groups, and what has figures or hands of a clock on it.
NO_FLIP = {"symbols", "flags"}
NO_FLIP_NAMES = ("place medal", "o’clock", "-thirty", "clock", "calendar", "hundred points", "slot machine")
# How each set draws, in words.
STYLE = {
    "fluent-emoji": ["glossy", "soft", "shaded"],
    "fluent-emoji-3d": ["glossy", "3d", "rendered"],
    "fluent-emoji-flat": ["flat", "clip art"],
    "twemoji": ["flat", "clip art"],
    "noto": ["shaded", "clip art"],
    "emojione": ["flat", "clip art"],
}


def held_out(concept):
    """A tenth of the concepts, the same ones everywhere, is kept out of training."""
    return hashlib.sha256(concept.encode()).digest()[0] % 10 == 0


def pack(folder):
    """Turns what `draw.mjs` wrote into one small file of 128×128 WebP pictures, for travelling to another machine."""
    index = json.load(open(f"{folder}/pictures.json"))
    source = open(f"{folder}/pictures.bin", "rb").read()
    with open(f"{folder}/pack.bin.part", "wb") as out:
        for entry in index:
            picture = Image.open(io.BytesIO(source[entry["offset"] : entry["offset"] + entry["length"]])).convert("RGBA")
            if picture.size != (SIDE, SIDE):
                # Colours are weighted by opacity, or edges darken.
                picture = picture.convert("RGBa").resize((SIDE, SIDE), Image.LANCZOS).convert("RGBA")
            file = io.BytesIO()
            picture.save(file, "WEBP", quality=92, method=4)
            entry["offset"], entry["length"] = out.tell(), file.tell()
            out.write(file.getvalue())
    json.dump(index, open(f"{folder}/pack.json", "w"))
    os.replace(f"{folder}/pack.bin.part", f"{folder}/pack.bin")


class Pictures:
    """All pictures, RGBA uint8 [n, 128, 128, 4], and what they show. Decoded once, then mapped from disk."""

    def __init__(self, folder):
        self.index = json.load(open(f"{folder}/pack.json"))
        path = f"{folder}/decoded.npy"
        if not os.path.exists(path):
            source = open(f"{folder}/pack.bin", "rb").read()
            pixels = np.empty((len(self.index), SIDE, SIDE, 4), np.uint8)
            for i, entry in enumerate(self.index):
                pixels[i] = Image.open(io.BytesIO(source[entry["offset"] : entry["offset"] + entry["length"]])).convert("RGBA")
            np.save(path + ".part.npy", pixels)
            os.replace(path + ".part.npy", path)
        self.pixels = np.load(path, mmap_mode="r")
        self.concepts = {}
        for i, entry in enumerate(self.index):
            self.concepts.setdefault(entry["concept"], []).append(i)
        self.training = sorted(c for c in self.concepts if not held_out(c))
        self.held_out = sorted(c for c in self.concepts if held_out(c))
        self.flips = np.array(
            [e["kind"][0] not in NO_FLIP and not any(word in e["name"] for word in NO_FLIP_NAMES) for e in self.index]
        )

    def draw(self, rng, concepts):
        """One picture's number for each concept: any set, any tone."""
        return [int(rng.choice(self.concepts[c])) for c in concepts]


def backgrounds(rng, n, side=SIDE):
    """Plain, coloured and gradient backgrounds, float32 [n, 3, side, side] in 0…1, and the colours that they are made of."""
    first = rng.random((n, 3), np.float32)
    # Pale colours are likelier: that is what pictures usually stand on.
    pale = rng.random(n) < 0.5
    first[pale] = 1 - 0.35 * first[pale]
    white = rng.random(n) < 0.35
    first[white] = 1
    second = first.copy()
    gradient = (rng.random(n) < 0.3) & ~white
    second[gradient] = np.clip(first[gradient] + rng.normal(0, 0.3, (gradient.sum(), 3)), 0, 1)
    angle = rng.random(n) * 2 * np.pi
    y, x = np.mgrid[0:side, 0:side] / (side - 1) - 0.5
    t = np.cos(angle)[:, None, None] * x + np.sin(angle)[:, None, None] * y
    t = torch.from_numpy((t / 1.42 + 0.5).astype(np.float32))[:, None]
    a, b = torch.from_numpy(first)[:, :, None, None], torch.from_numpy(second)[:, :, None, None]
    return a + (b - a) * t, (first + second) / 2


def place(rng, rgba, ground, flips, move=0.08, sizes=(0.7, 1.02)):
    """Puts pictures uint8 [n, 128, 128, 4] on backgrounds [n, 3, h, w]: scaled, shifted, perhaps flipped. -1…1."""
    n = len(rgba)
    x = torch.from_numpy(rgba).permute(0, 3, 1, 2).float() / 255
    x = torch.cat([x[:, :3] * x[:, 3:], x[:, 3:]], 1)
    scale = rng.uniform(*sizes, n).astype(np.float32)
    theta = np.zeros((n, 2, 3), np.float32)
    theta[:, 0, 0] = np.where(flips & (rng.random(n) < 0.5), -1, 1) / scale
    theta[:, 1, 1] = 1 / scale
    theta[:, :, 2] = rng.uniform(-move, move, (n, 2)) / scale[:, None]
    grid = F.affine_grid(torch.from_numpy(theta), [n, 4, *ground.shape[2:]], align_corners=False)
    x = F.grid_sample(x, grid, align_corners=False)
    return (x[:, :3] + ground * (1 - x[:, 3:])) * 2 - 1


def plain(rgba, colour=1.0):
    """Pictures as they are on one colour, float32 [n, 3, 128, 128], -1…1."""
    x = torch.from_numpy(np.ascontiguousarray(rgba)).permute(0, 3, 1, 2).float() / 255
    return (x[:, :3] * x[:, 3:] + colour * (1 - x[:, 3:])) * 2 - 1


MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073])[:, None, None]
DEVIATION = torch.tensor([0.26862954, 0.26130258, 0.27577711])[:, None, None]


def clip_pixels(pictures):
    """Pictures [n, 3, h, w] in -1…1 to what the image tower reads, as Drift does it: bicubic, no antialias."""
    x = F.interpolate((pictures + 1) / 2, size=(CLIP_SIDE, CLIP_SIDE), mode="bicubic", align_corners=False, antialias=False)
    return (x.clamp(0, 1) - MEAN.to(x.device)) / DEVIATION.to(x.device)


# The names of colours, by hue in degrees, for colours that are neither dark, pale nor grey.
HUES = [(15, "red"), (45, "orange"), (70, "yellow"), (165, "green"), (195, "turquoise"), (255, "blue"), (290, "purple"), (335, "pink"), (360, "red")]


def colour_name(rgb):
    """The name of a colour, 0…1."""
    high, low = float(max(rgb)), float(min(rgb))
    if high < 0.2:
        return "black"
    if high - low < 0.12 * high or high - low < 0.08:
        return "white" if high > 0.88 else "grey"
    r, g, b = (float(v) for v in rgb)
    if high == r:
        hue = (60 * (g - b) / (high - low)) % 360
    elif high == g:
        hue = 60 * (b - r) / (high - low) + 120
    else:
        hue = 60 * (r - g) / (high - low) + 240
    name = next(name for limit, name in HUES if hue <= limit)
    return "brown" if name in ("orange", "red") and high < 0.65 and (high - low) > 0.2 * high else name


def measured_words(rgba):
    """Words that can be measured from a picture alone, uint8 [128, 128, 4]: its colours, light, detail."""
    alpha = rgba[..., 3] > 128
    if alpha.sum() < 50:
        return {"colours": [], "light": []}
    pixels = rgba[..., :3][alpha].astype(np.float32) / 255
    counts = {}
    for rgb in pixels[:: max(1, len(pixels) // 200)]:
        name = colour_name(rgb)
        counts[name] = counts.get(name, 0) + 1
    total = sum(counts.values())
    colours = [name for name, count in sorted(counts.items(), key=lambda item: -item[1]) if count > 0.15 * total]
    words = []
    luminance = pixels @ np.array([0.299, 0.587, 0.114], np.float32)
    if luminance.mean() < 0.35:
        words.append("dark")
    if luminance.mean() > 0.7:
        words.append("bright")
    saturation = (pixels.max(1) - pixels.min(1)).mean()
    if saturation > 0.5:
        words.append("colourful")
    if saturation < 0.12:
        words.append("grey")
    grey = rgba[..., :3].astype(np.float32).mean(-1) / 255
    edges = (np.abs(np.diff(grey, axis=0))[:, :-1] + np.abs(np.diff(grey, axis=1))[:-1]) > 0.08
    share = (edges & alpha[:-1, :-1]).sum() / alpha.sum()
    if share > 0.16:
        words.append("detailed")
    if share < 0.05:
        words.append("simple")
    return {"colours": colours[:3], "light": words}


def spoiled(rng, kind, pictures):
    """Pictures that nobody wants, so that words for them mean something: [n, 3, side, side] in -1…1, and their words."""
    n, side = len(pictures), pictures.shape[-1]
    if kind == "blurry":
        small = F.interpolate(pictures, size=int(rng.integers(8, 24)), mode="area")
        return F.interpolate(small, size=side, mode="bicubic", align_corners=False).clamp(-1, 1), ["blurry", "out of focus"]
    if kind == "pattern":
        count = int(rng.integers(2, 6))
        tile = F.interpolate(pictures, size=side // count + 1, mode="area")
        tiled = tile.repeat(1, 1, count, count)[:, :, :side, :side]
        return tiled, ["repeating pattern", "pattern", "tiles"]
    if kind == "texture":
        # A corner of a picture, blown up and mirrored, has colours and edges but no thing in it.
        size = int(rng.integers(side // 10, side // 4))
        y, x = rng.integers(side // 6, side - side // 6 - size, 2)
        part = pictures[:, :, y : y + size, x : x + size]
        part = torch.cat([part, part.flip(3)], 3)
        part = torch.cat([part, part.flip(2)], 2)
        return F.interpolate(part, size=side, mode="bilinear", align_corners=False), ["simple texture", "texture", "abstract"]
    if kind == "noise":
        noise = torch.from_numpy(rng.normal(0, 0.5, (n, 3, side, side)).astype(np.float32))
        size = int(rng.choice([8, 16, 32, 64, side]))
        noise = F.interpolate(noise[:, :, :size, :size], size=side, mode="bicubic", align_corners=False)
        return (0.4 * pictures.mean((2, 3), keepdim=True) + noise).clamp(-1, 1), ["noise", "random", "abstract shapes"]
    if kind == "empty":
        return backgrounds(rng, n, side)[0] * 2 - 1, ["empty", "plain background", "nothing"]
    if kind == "outline":
        grey = pictures.mean(1, keepdim=True)
        edge = (grey - F.avg_pool2d(grey, 3, 1, 1, count_include_pad=False)).abs() * float(rng.uniform(6, 12))
        return (1 - 2 * edge.clamp(0, 1)).expand(-1, 3, -1, -1), ["outline", "line drawing"]
    raise ValueError(kind)


SPOILED = ["blurry", "pattern", "texture", "noise", "empty", "outline"]


def words_of(entry):
    """Name, keywords and kind of a picture, in the words that prompts are written in."""
    name = entry["name"].lower()
    kind = [k.replace("-", " ") for k in entry["kind"] if k]
    return name, [t.lower() for t in entry["tags"]], kind


def caption(rng, entry, measured, ground):
    """A caption in training: some of the true words, in any order."""
    name, tags, kind = words_of(entry)
    parts = [name] if rng.random() < 0.75 or not tags else []
    take = int(rng.integers(0 if parts else 1, min(len(tags), 5) + 1))
    parts += list(rng.permutation(tags)[:take])
    if rng.random() < 0.5:
        parts.append(str(rng.choice(kind)))
    adjectives = []
    if measured["colours"] and rng.random() < 0.4:
        adjectives.append(" ".join(measured["colours"][: int(rng.integers(1, 3))]))
    if measured["light"] and rng.random() < 0.25:
        adjectives.append(str(rng.choice(measured["light"])))
    if rng.random() < 0.25:
        adjectives.append(str(rng.choice(STYLE[entry["set"]])))
    if ground is not None and rng.random() < 0.2:
        parts.append(f"{colour_name(ground)} background")
    rng.shuffle(parts)
    return (" ".join(adjectives) + " " + ", ".join(parts)).strip()
