"""Encodes the pictures for the UNet: `python3 bank.py DATA RUNS`.

Of each picture the bank holds the latents, its image embedding, and that of a version degraded toward photographs; of each
scene text embeddings of some of its captions. What a variant is, the UNet learns from pairs within a scene: the embedding
of one layout, and the latents of another as well as of the same.
"""

import argparse

import numpy as np
import torch
import torch.nn.functional as F

from clip import Batches, learn_words
from data import Worlds, clip_pixels, like_photograph
from loop import DEVICE, autocast, to_device
from nets import EMBEDDING_WIDTH, VAE_CONFIG, ImageTower, TextTower, Vae

CAPTIONS = 4


def load(runs, stage, modules):
    """Puts the averaged weights of a stage into modules, ready to be used."""
    state = torch.load(f"{runs}/{stage}.pt", map_location=DEVICE)["average"]
    for name, module in modules.items():
        module.load_state_dict({k[len(name) + 1 :]: v for k, v in state.items() if k.startswith(name + ".")})
        module.to(DEVICE).to(memory_format=torch.channels_last).eval().requires_grad_(False)


@torch.no_grad()
def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("data")
    arguments.add_argument("runs")
    arguments.add_argument("--batch", type=int, default=32)
    a = arguments.parse_args()
    worlds = Worlds(a.data)
    words = learn_words(worlds, f"{a.runs}/words.json")
    batches = Batches(worlds, words)
    vae, image, text = Vae(), ImageTower(), TextTower(len(words.ids), words.start)
    load(a.runs, "vae", {"vae": vae})
    load(a.runs, "clip", {"image": image, "text": text})

    rng = np.random.default_rng(7)
    n = batches.available * worlds.layouts
    side = VAE_CONFIG["sample_size"] // 2 ** (len(VAE_CONFIG["block_out_channels"]) - 1)
    latents = np.empty((n, VAE_CONFIG["latent_channels"], side, side), np.float16)
    embeds, photographs = np.empty((2, n, EMBEDDING_WIDTH), np.float32)
    for first in range(0, n, a.batch):
        part = slice(first, min(n, first + a.batch))
        x = worlds.pictures(range(part.start, part.stop))
        degraded = like_photograph(rng, F.avg_pool2d(x, 2))
        with autocast():
            latents[part] = vae.encode(to_device(x))[0].cpu().numpy()
            embeds[part] = image(to_device(clip_pixels(x))).float().cpu().numpy()
            photographs[part] = image(to_device(clip_pixels(degraded))).float().cpu().numpy()
        if first // a.batch % 100 == 0:
            print(f"{first} of {n}", flush=True)
    texts = np.empty((batches.available, CAPTIONS, EMBEDDING_WIDTH), np.float32)
    for i, scene in enumerate(worlds.scenes[: batches.available]):
        texts[i] = text(batches.ids(scene["captions"][:CAPTIONS])).float().cpu().numpy()
    # One number for all channels, as in Stable Diffusion: latents times this vary by about 1.
    factor = 1 / float(latents.astype(np.float32).std())
    np.savez(f"{a.runs}/bank.npz", latents=latents, embeds=embeds, photographs=photographs, texts=texts, layouts=worlds.layouts, factor=factor)
    deviations = latents[:: max(1, n // 4000)].astype(np.float32).std((0, 2, 3)) * factor
    print(f"{n} pictures, scaling_factor {factor:.5f}, deviation by channel {np.round(deviations, 2).tolist()}")


if __name__ == "__main__":
    main()
