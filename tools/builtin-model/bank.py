"""Encodes scenes for the UNet: `python3 bank.py DATA RUNS --scenes 4`.

A scene is one thing on one background, drawn by every set. Of each of its pictures the bank holds the latents, the
image embedding and the text embedding of a caption. What a variant is, the UNet learns from pairs within a scene: the
embedding of one picture, and the latents of another as well as of the same.
"""

import argparse

import numpy as np
import torch

from clip import Batches, learn_words, measure_all
from data import Pictures, backgrounds, caption, clip_pixels, place
from loop import DEVICE, autocast, to_device
from nets import ImageTower, TextTower, Vae


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
    arguments.add_argument("--scenes", type=int, default=4, help="backgrounds for each thing")
    arguments.add_argument("--batch", type=int, default=48)
    a = arguments.parse_args()
    pictures = Pictures(a.data)
    words = learn_words(pictures, f"{a.runs}/words.json")
    measured = measure_all(pictures, f"{a.data}/measured.json")
    batches = Batches(pictures, measured, words)
    vae, image, text = Vae(), ImageTower(), TextTower(len(words.ids), words.start)
    load(a.runs, "vae", {"vae": vae})
    load(a.runs, "clip", {"image": image, "text": text})

    rng = np.random.default_rng(7)
    things = {}
    for concept in pictures.training:
        for row in pictures.concepts[concept]:
            things.setdefault((concept, pictures.index[row]["code"]), []).append(row)
    rows, scenes, concepts, grounds, colours = [], [], [], [], []
    for _ in range(a.scenes):
        for (concept, _), members in things.items():
            scene = len(grounds)
            ground, colour = backgrounds(rng, 1)
            grounds.append(ground[0].half())
            colours.append(colour[0])
            rows += members
            scenes += [scene] * len(members)
            concepts += [concept] * len(members)
    n = len(rows)
    latents, embeds, texts = np.empty((n, 4, 16, 16), np.float16), np.empty((n, 128), np.float32), np.empty((n, 128), np.float32)
    for first in range(0, n, a.batch):
        part = slice(first, min(n, first + a.batch))
        r = rows[part]
        ground = torch.stack([grounds[s] for s in scenes[part]]).float()
        x = place(rng, pictures.pixels[r], ground, pictures.flips[r])
        with autocast():
            latents[part] = vae.encode(to_device(x))[0].cpu().numpy()
            embeds[part] = image(to_device(clip_pixels(x))).float().cpu().numpy()
            captions = [caption(rng, pictures.index[i], measured[i], colours[s]) for i, s in zip(r, scenes[part])]
            texts[part] = text(batches.ids(captions)).float().cpu().numpy()
        if first // a.batch % 100 == 0:
            print(f"{first} of {n}", flush=True)
    number = {c: i for i, c in enumerate(pictures.training)}
    # One number for all channels, as in Stable Diffusion: latents times this vary by about 1.
    factor = 1 / float(latents.astype(np.float32).std())
    np.savez(
        f"{a.runs}/bank.npz",
        latents=latents,
        embeds=embeds,
        texts=texts,
        rows=np.array(rows),
        colours=np.array(colours),
        scenes=np.array(scenes),
        concepts=np.array([number[c] for c in concepts]),
        factor=factor,
    )
    print(f"{n} pictures in {len(grounds)} scenes, scaling_factor {factor:.5f}")


if __name__ == "__main__":
    main()
