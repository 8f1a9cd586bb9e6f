"""Trains the UNet: `python3 unet.py RUNS --minutes 600`.

It predicts v (Salimans & Ho 2022) on Stable Diffusion's schedule, scaled linear betas over 1000 steps. The context is the
embedding of a picture of the same scene: in 30 % of the samples the target itself, otherwise a random layout; 25 % use the
photograph-like version. 30 % of the embeddings are mixed with that of another layout, because smooth mode interpolates
between variants. They are randomly noised, rescaled and mixed with that of a caption, because CLIP guidance moves them away
from the embeddings of real pictures; 10 % are dropped for classifier-free guidance.
"""

import argparse

import numpy as np
import torch
import torch.nn.functional as F

from bank import Bank
from loop import DEVICE, Ahead, Stage, autocast, to_device
from nets import EMBEDDING_LENGTH, Unet

BETAS = (0.00085, 0.012)


def alphas():
    """Cumulative products of 1 - β over the 1000 training timesteps."""
    return torch.cumprod(1 - torch.linspace(BETAS[0] ** 0.5, BETAS[1] ** 0.5, 1000, dtype=torch.float64) ** 2, 0).float()


def pairs(bank, rng, n):
    """Random target latents [n, c, h, w] and context embeddings [n, 128] of the same scenes."""
    scenes = rng.integers(0, len(bank.texts), n)
    targets = scenes * bank.layouts + rng.integers(0, bank.layouts, n)
    others = scenes * bank.layouts + rng.integers(0, bank.layouts, n)
    sources = np.where(rng.random(n) < 0.3, targets, others)
    x = torch.from_numpy(bank.latents[targets].astype(np.float32)) * bank.factor
    photograph = rng.random((n, 1)) < 0.25
    e = torch.from_numpy(np.where(photograph, bank.photographs[sources], bank.embeds[sources]))
    t = torch.from_numpy(bank.texts[scenes, rng.integers(0, bank.texts.shape[1], n)])

    def some(share):
        return torch.from_numpy((rng.random((n, 1)) < share).astype(np.float32))

    def amount(low, high):
        return torch.from_numpy(rng.uniform(low, high, (n, 1)).astype(np.float32))

    between = scenes * bank.layouts + rng.integers(0, bank.layouts, n)
    weight = amount(0, 1) * some(0.3)
    e = e * (1 - weight) + torch.from_numpy(bank.embeds[between]) * weight
    weight = amount(0, 0.8) * some(0.2)
    e = EMBEDDING_LENGTH * F.normalize(e / EMBEDDING_LENGTH * (1 - weight) + t * weight, dim=-1)
    e = e + some(0.5) * amount(0, 0.5) * torch.randn_like(e)
    e = e * amount(0.85, 1.25)
    return x, e * some(0.9)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("runs")
    arguments.add_argument("--minutes", type=float, default=600)
    arguments.add_argument("--batch", type=int, default=48)
    arguments.add_argument("--rate", type=float, default=6e-4)
    a = arguments.parse_args()
    bank = Bank(a.runs)
    stage = Stage("unet", a.runs, {"unet": Unet()}, a.minutes, a.rate, average=0.9985)
    unet = stage.modules["unet"]
    products = alphas().to(DEVICE)
    ahead = Ahead(lambda rng: pairs(bank, rng, a.batch))

    def step(rng, progress):
        x, context = (to_device(t) for t in ahead(rng))
        # Stratified timesteps reduce the variance of the loss.
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
