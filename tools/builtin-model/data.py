"""Training data: pictures and labels of the generated worlds, and their augmentation."""

import json
import os

import numpy as np
import torch
import torch.nn.functional as F

from nets import CLIP_SIDE

SIDE = 256


class Worlds:
    """Collection drawn by `worlds/draw.ts`: memory-mapped pixels, attributes and captions of each scene."""

    def __init__(self, folder):
        path = f"{folder}/pictures.rgb"
        self.count = os.path.getsize(path) // (SIDE * SIDE * 3)
        self.pixels = np.memmap(path, np.uint8, "r", shape=(self.count, SIDE, SIDE, 3))
        if os.path.exists(f"{folder}/scenes.json"):
            index = json.load(open(f"{folder}/scenes.json"))
            self.layouts, self.scenes, self.words = index["layouts"], index["scenes"], index["words"]
            # Pictures of unlisted scenes come from an interrupted run.
            self.count = min(self.count, self.layouts * len(self.scenes))

    def rows(self, scenes, layouts):
        """Indices of pictures by scene and layout."""
        return np.asarray(scenes) * self.layouts + np.asarray(layouts)

    def scene(self, row):
        return self.scenes[row // self.layouts]

    def pictures(self, rows, window=None):
        """Pictures [n, 3, h, w] in -1…1; `window` is (top, left, size) of a common crop."""
        top, left, size = window or (0, 0, SIDE)
        part = np.stack([self.pixels[r, top : top + size, left : left + size] for r in rows])
        return _unit_range(part)

    def small_pictures(self, rows):
        """Pictures [n, 3, 96, 96] in -1…1, resized as for the image tower."""
        return _unit_range(self.small[rows])

    def resize_all(self, path):
        """Resizes all pictures once, to a file that fits in memory: reading full pictures would cost most of a CLIP step."""
        if not os.path.exists(path):
            with open(path + ".part", "wb") as file:
                for rows in np.array_split(np.arange(self.count), -(-self.count // 64)):
                    small = resized(self.pictures(rows)).mul(255).round().byte()
                    file.write(small.permute(0, 2, 3, 1).contiguous().numpy().tobytes())
            os.replace(path + ".part", path)
        self.small = np.fromfile(path, np.uint8).reshape(-1, CLIP_SIDE, CLIP_SIDE, 3)
        if len(self.small) < self.count:
            raise ValueError(f"{path} has {len(self.small)} of {self.count} pictures: remove it")


def _unit_range(pixels):
    """Bytes [n, h, w, 3] as channels-first floats in -1…1."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073])[:, None, None]
DEVIATION = torch.tensor([0.26862954, 0.26130258, 0.27577711])[:, None, None]


def resized(pictures):
    """Resizes pictures [n, 3, h, w] in -1…1 to 0…1 at the image tower's size, as Drift does: bicubic without antialiasing."""
    x = F.interpolate((pictures + 1) / 2, size=(CLIP_SIDE, CLIP_SIDE), mode="bicubic", align_corners=False, antialias=False)
    return x.clamp(0, 1)


def clip_pixels(pictures):
    """Preprocesses pictures [n, 3, h, w] in -1…1 for the image tower."""
    x = resized(pictures)
    return (x - MEAN.to(x.device)) / DEVIATION.to(x.device)


DEFECTS = {
    "blurry": ["blurry", "out of focus", "blurred"],
    "pattern": ["repeating pattern", "pattern", "tiles", "collage"],
    "texture": ["simple texture", "texture", "abstract", "abstract shapes"],
    "noise": ["noise", "noisy", "random"],
    "empty": ["empty", "plain colour", "nothing", "blank"],
}


def with_defect(rng, kind, pictures):
    """Degrades pictures [n, 3, side, side] in -1…1, so that negative prompts like "blurry" have training examples."""
    n, side = len(pictures), pictures.shape[-1]
    if kind == "blurry":
        small = F.interpolate(pictures, size=int(rng.integers(5, 18)), mode="area")
        return F.interpolate(small, size=side, mode="bicubic", align_corners=False).clamp(-1, 1)
    if kind == "pattern":
        count = int(rng.integers(2, 6))
        tile = F.interpolate(pictures, size=side // count + 1, mode="area")
        return tile.repeat(1, 1, count, count)[:, :, :side, :side]
    if kind == "texture":
        # An enlarged and mirrored detail has colours and edges, but shows no landscape.
        size = int(rng.integers(side // 12, side // 4))
        y, x = rng.integers(side // 6, side - side // 6 - size, 2)
        part = pictures[:, :, y : y + size, x : x + size]
        part = torch.cat([part, part.flip(3)], 3)
        part = torch.cat([part, part.flip(2)], 2)
        return F.interpolate(part, size=side, mode="bilinear", align_corners=False)
    if kind == "noise":
        noise = torch.from_numpy(rng.normal(0, 0.5, (n, 3, side, side)).astype(np.float32))
        size = int(rng.choice([8, 16, 32, 64, side]))
        noise = F.interpolate(noise[:, :, :size, :size], size=side, mode="bicubic", align_corners=False)
        return (float(rng.uniform(0.2, 0.7)) * pictures + noise).clamp(-1, 1)
    if kind == "empty":
        mean = pictures.mean((2, 3), keepdim=True)
        tilt = torch.from_numpy(rng.normal(0, 0.12, (n, 3, 1, 1)).astype(np.float32))
        ramp = torch.linspace(-1, 1, side)[:, None] * tilt
        return (mean + ramp).expand(-1, -1, -1, side).clamp(-1, 1)
    raise ValueError(kind)


def like_photograph(rng, pictures):
    """Augments pictures [n, 3, h, w] to resemble photographs, which have texture, clutter, colour casts and noise.

    Each picture gets a random subset of: crop and rotation, wavering edges, texture, blotches of shade, blur, brightness,
    contrast and colour changes, noise. Colours, horizon and light are preserved, so that the embedding encodes them.
    """
    n, _, side, _ = pictures.shape
    x = pictures

    def some(share):
        return torch.from_numpy((rng.random(n) < share).astype(np.float32)).reshape(n, 1, 1, 1)

    def field(size, channels=1):
        small = torch.from_numpy(rng.normal(0, 1, (n, channels, size, size)).astype(np.float32))
        return F.interpolate(small, size=(side, side), mode="bicubic", align_corners=False)

    def amount(low, high):
        return torch.from_numpy(rng.uniform(low, high, (n, 1, 1, 1)).astype(np.float32))

    # Crop with a random offset and a small rotation.
    scale = rng.uniform(0.62, 1, n)
    angle = rng.normal(0, 0.05, n)
    theta = np.zeros((n, 2, 3), np.float32)
    theta[:, 0, 0], theta[:, 0, 1] = scale * np.cos(angle), -scale * np.sin(angle)
    theta[:, 1, 0], theta[:, 1, 1] = scale * np.sin(angle), scale * np.cos(angle)
    theta[:, :, 2] = rng.uniform(-1, 1, (n, 2)) * (1 - scale)[:, None]
    grid = F.affine_grid(torch.from_numpy(theta), list(x.shape), align_corners=False)
    x = torch.where(some(0.7) > 0, F.grid_sample(x, grid, padding_mode="reflection", align_corners=False), x)
    # Wavering edges, like those of real trees and waves.
    waver = torch.cat([field(24), field(24)], 1).permute(0, 2, 3, 1) * amount(0, 0.02)
    still = F.affine_grid(torch.eye(2, 3).expand(n, 2, 3), list(x.shape), align_corners=False)
    x = torch.where(some(0.6) > 0, F.grid_sample(x, still + waver, padding_mode="reflection", align_corners=False), x)
    # Texture at several scales, stronger in the lower part, where the land is.
    land = torch.sigmoid((torch.linspace(0, 1, side) - float(rng.uniform(0.35, 0.65))) * 10)[:, None]
    texture = 0.5 * field(side // 2) + 0.35 * field(side // 4) + 0.25 * field(side // 8)
    x = x + some(0.75) * texture * amount(0.02, 0.22) * (0.25 + 0.75 * land)
    # Blotches of shade and light.
    x = x + some(0.6) * field(5) * amount(0.02, 0.2)
    small = F.avg_pool2d(x, 4)
    soft = F.interpolate(small, size=(side, side), mode="bilinear", align_corners=False)
    x = torch.where(some(0.4) > 0, x + (soft - x) * amount(0.3, 1), x)
    # Brightness, contrast, colour cast, saturation, noise.
    x = (x + amount(-0.15, 0.15)) * amount(0.75, 1.25)
    x = x + some(0.5) * torch.from_numpy(rng.normal(0, 0.06, (n, 3, 1, 1)).astype(np.float32))
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * amount(0.65, 1.25)
    x = x + some(0.5) * torch.randn_like(x) * amount(0.01, 0.1)
    return x.clamp(-1, 1)
