"""Trains the UNet: `python3 unet.py RUNS --minutes 60`.

It predicts v (Salimans & Ho 2022) on the schedule of Stable Diffusion, scaled linear betas over 1000 steps. Its context
is the embedding of a picture of the same scene: the same picture three times in ten, another style else. Embeddings are
noised, lengthened and mixed with the embedding of a caption now and then, because guidance moves them off the places
where pictures lie; one in ten is dropped for classifier-free guidance.
"""

import argparse

import numpy as np
import torch
import torch.nn.functional as F

from loop import DEVICE, Stage, autocast, to_device
from nets import EMBEDDING_LENGTH, Unet

BETAS = (0.00085, 0.012)


def alphas():
    """Running products of 1 - β for the 1000 training timesteps."""
    return torch.cumprod(1 - torch.linspace(BETAS[0] ** 0.5, BETAS[1] ** 0.5, 1000, dtype=torch.float64) ** 2, 0).float()


class Bank:
    """What `bank.py` wrote. Concepts are drawn alike, however many tones and sets there are of them."""

    def __init__(self, path):
        bank = np.load(path)
        self.factor = float(bank["factor"])
        self.latents, self.embeds, self.texts = bank["latents"], bank["embeds"], bank["texts"]
        self.of_concept, self.of_scene = {}, {}
        for i, (concept, scene) in enumerate(zip(bank["concepts"], bank["scenes"])):
            self.of_concept.setdefault(int(concept), []).append(i)
            self.of_scene.setdefault(int(scene), []).append(i)
        self.scenes = bank["scenes"]
        self.concepts = sorted(self.of_concept)

    def draw(self, rng, n):
        """Latents [n, 4, 16, 16] of pictures, and context embeddings [n, 128] that they could be variants of."""
        targets = [int(rng.choice(self.of_concept[c])) for c in rng.choice(self.concepts, n)]
        sources = [t if rng.random() < 0.3 else int(rng.choice(self.of_scene[int(self.scenes[t])])) for t in targets]
        x = torch.from_numpy(self.latents[targets].astype(np.float32)) * self.factor
        e = torch.from_numpy(self.embeds[sources])
        t = torch.from_numpy(self.texts[targets])
        mixed = torch.from_numpy((rng.random((n, 1)) < 0.25).astype(np.float32))
        weight = torch.from_numpy(rng.uniform(0, 1, (n, 1)).astype(np.float32)) * mixed
        e = EMBEDDING_LENGTH * F.normalize(e / EMBEDDING_LENGTH * (1 - weight) + t * weight, dim=-1)
        noised = torch.from_numpy((rng.random((n, 1)) < 0.6).astype(np.float32))
        e = e + noised * torch.from_numpy(rng.uniform(0, 0.6, (n, 1)).astype(np.float32)) * torch.randn_like(e)
        e = e * torch.from_numpy(rng.uniform(0.85, 1.25, (n, 1)).astype(np.float32))
        return x, e * torch.from_numpy((rng.random((n, 1)) >= 0.1).astype(np.float32))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("runs")
    arguments.add_argument("--minutes", type=float, default=60)
    arguments.add_argument("--batch", type=int, default=48)
    arguments.add_argument("--rate", type=float, default=6e-4)
    a = arguments.parse_args()
    bank = Bank(f"{a.runs}/bank.npz")
    stage = Stage("unet", a.runs, {"unet": Unet()}, a.minutes, a.rate, average=0.9985)
    unet = stage.modules["unet"]
    products = alphas().to(DEVICE)

    def step(rng, progress):
        x, context = (to_device(t) for t in bank.draw(rng, a.batch))
        # Evenly spread timesteps make the loss less noisy than independent ones.
        t = ((torch.rand(1) + torch.arange(a.batch) / a.batch) % 1 * 1000).long().to(DEVICE)
        signal, noise = products[t].sqrt()[:, None, None, None], (1 - products[t]).sqrt()[:, None, None, None]
        e = torch.randn_like(x)
        with autocast():
            v = unet(signal * x + noise * e, t, context).float()
        loss = F.mse_loss(v, signal * e - noise * x)
        return loss, {"loss": loss.detach()}

    stage.run(step)


if __name__ == "__main__":
    main()
