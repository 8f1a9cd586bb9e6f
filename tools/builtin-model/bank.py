"""Precomputes the UNet's training data: `python3 bank.py DATA RUNS`.

For each picture the bank stores the latents, the image embedding, and the embedding of a version augmented to resemble a
photograph; for each scene the text embeddings of some captions. The UNet learns variants from pairs within a scene: the
embedding of one layout, and the latents of another or the same layout.

The bank is written in shards of 500 scenes, so that interrupted runs resume, and training can start with the shards
written so far.
"""

import argparse
import glob
import os

import numpy as np
import torch
import torch.nn.functional as F

from clip import Batches, learn_words
from data import Worlds, clip_pixels, like_photograph
from loop import DEVICE, autocast, to_device
from nets import EMBEDDING_WIDTH, VAE_CONFIG, ImageTower, TextTower, Vae

CAPTIONS = 4
SHARD = 500
COLUMNS = ("latents", "embeds", "photographs", "texts")


def load(runs, stage, modules):
    """Loads the averaged weights of a stage into modules, and prepares them for inference."""
    state = torch.load(f"{runs}/{stage}.pt", map_location=DEVICE)["average"]
    for name, module in modules.items():
        module.load_state_dict({k[len(name) + 1 :]: v for k, v in state.items() if k.startswith(name + ".")})
        module.to(DEVICE).to(memory_format=torch.channels_last).eval().requires_grad_(False)


class Bank:
    """All shards written so far: `latents`, `embeds` and `photographs` by picture, `texts` by scene."""

    def __init__(self, runs):
        shards = [np.load(path) for path in sorted(glob.glob(f"{runs}/bank/*.npz"))]
        self.latents, self.embeds, self.photographs, self.texts = (np.concatenate([s[k] for s in shards]) for k in COLUMNS)
        self.layouts = len(self.latents) // len(self.texts)
        # One scaling factor for all channels, as in Stable Diffusion, for latents of unit deviation. Computed from the
        # first shard only, so that it does not change when training resumes with more shards.
        self.factor = 1 / float(shards[0]["latents"].astype(np.float32).std())


class Encoders:
    """Networks that compute the bank."""

    def __init__(self, runs, worlds, words):
        self.worlds, self.batches = worlds, Batches(worlds, words)
        self.vae, self.image, self.text = Vae(), ImageTower(), TextTower(len(words.ids), words.start)
        load(runs, "vae", {"vae": self.vae})
        load(runs, "clip", {"image": self.image, "text": self.text})

    @torch.no_grad()
    def shard(self, rng, scenes, batch):
        """Computes the columns of `scenes`."""
        rows = self.worlds.rows(np.array(scenes)[:, None], np.arange(self.worlds.layouts)).reshape(-1)
        latents, embeds, photographs = [], [], []
        for part in np.array_split(rows, max(1, len(rows) // batch)):
            x = self.worlds.pictures(part)
            degraded = like_photograph(rng, F.avg_pool2d(x, 2))
            with autocast():
                latents.append(self.vae.encode(to_device(x))[0].cpu())
                embeds.append(self.image(to_device(clip_pixels(x))).float().cpu())
                photographs.append(self.image(to_device(clip_pixels(degraded))).float().cpu())
        captions = [self.worlds.scenes[s]["captions"][:CAPTIONS] for s in scenes]
        texts = [self.text(self.batches.ids(each)).float().cpu() for each in captions]
        values = torch.cat(latents).half(), torch.cat(embeds), torch.cat(photographs), torch.stack(texts)
        return {name: value.numpy() for name, value in zip(COLUMNS, values)}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("data")
    arguments.add_argument("runs")
    arguments.add_argument("--batch", type=int, default=32)
    arguments.add_argument("--shards", type=int, default=10**6, help="how many at most")
    a = arguments.parse_args()
    worlds = Worlds(a.data)
    encoders = Encoders(a.runs, worlds, learn_words(worlds, f"{a.runs}/words.json"))
    os.makedirs(f"{a.runs}/bank", exist_ok=True)
    scenes = worlds.count // worlds.layouts
    for number, first in enumerate(range(0, scenes, SHARD)[: a.shards]):
        path = f"{a.runs}/bank/{number:03}.npz"
        if os.path.exists(path):
            continue
        columns = encoders.shard(np.random.default_rng([7, number]), range(first, min(scenes, first + SHARD)), a.batch)
        with open(path + ".part", "wb") as file:
            np.savez(file, **columns)
        os.replace(path + ".part", path)
        print(f"{path}: deviation of the latents {columns['latents'].astype(np.float32).std():.4f}", flush=True)


if __name__ == "__main__":
    main()
