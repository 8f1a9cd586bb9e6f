"""Trains the VAE: `python3 vae.py DATA RUNS --minutes 60`.

Most of the training uses crops of half the side, which are four times faster and have the same edges; the end uses whole
pictures, because group norm and attention depend on the whole picture. The loss is the sum of squared and absolute errors
of pixels, absolute errors of the differences between neighbouring pixels, which keeps edges sharp, and a small
Kullback-Leibler divergence, which keeps the latents near a normal distribution. During the first half of the training each
level of the decoder is also supervised with the picture at its own size, through an auxiliary convolution that is discarded
later: otherwise training stagnates for thousands of steps at blurred, colourless pictures (19 dB), because gradients of
fine detail do not reach the encoder through five levels. In a fifth of the steps latents are averaged over 2×2 and have to
decode to the picture at half its size (Kouzelis et al. 2025, EQ-VAE): such latents are easier to denoise.
"""

import argparse

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from data import SIDE, Worlds
from loop import Ahead, Stage, autocast, to_device
from nets import VAE_CONFIG, Vae

KL_WEIGHT = 4e-5
HALF_SIZE_SHARE = 0.2
CROP = SIDE // 2


def differences(x):
    return x[:, :, 1:] - x[:, :, :-1], x[:, :, :, 1:] - x[:, :, :, :-1]


def pixel_loss(y, x):
    """Mean squared error, and the pixel loss: a weighted sum of squared and absolute error."""
    squared = F.mse_loss(y, x)
    return squared, squared + 0.15 * F.l1_loss(y, x)


def loss_of(vae, heads, x, half, supervision):
    """Loss and metrics for pictures [n, 3, h, w]; `supervision` is the weight of the auxiliary losses of the levels."""
    with autocast():
        mean, log_variance = vae.encode(x)
        log_variance = log_variance.clamp(-20, 10)
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        if half:
            z, x = F.avg_pool2d(z, 2), F.avg_pool2d(x, 2)
        levels, y = vae.decoder.levels(vae.post_quant_conv(z))
        coarse = [head(level).float() for head, level in zip(heads, levels)] if supervision > 0 else []
    y = y.float()
    squared, loss = pixel_loss(y, x)
    edges = sum(F.l1_loss(a, b) for a, b in zip(differences(y), differences(x)))
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).mean()
    loss = loss + 0.1 * edges + KL_WEIGHT * kl
    for level in coarse:
        loss = loss + supervision * pixel_loss(level, F.adaptive_avg_pool2d(x, level.shape[2:]))[1]
    name = "half" if half else "psnr"
    return loss, {name: -10 * torch.log10(squared.detach() / 4), "edges": edges.detach(), "kl": kl.detach()}


@torch.no_grad()
def held_out_psnr(vae, worlds, count=64):
    """Mean PSNR in dB of whole pictures from all over a held-out collection: families differ by several dB."""
    values = []
    rows = np.linspace(0, worlds.count - 1, count).astype(int)
    for part in np.array_split(rows, max(1, count // 8)):
        x = to_device(worlds.pictures(part))
        with autocast():
            y = vae.decode(vae.encode(x)[0]).float().clamp(-1, 1)
        values += (-10 * torch.log10(((y - x) / 2).square().mean((1, 2, 3)))).tolist()
    return float(np.mean(values))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("data")
    arguments.add_argument("runs")
    arguments.add_argument("--held-out", required=True, help="a collection drawn with another seed")
    arguments.add_argument("--minutes", type=float, default=60)
    arguments.add_argument("--batch", type=int, default=4)
    arguments.add_argument("--rate", type=float, default=1e-3)
    a = arguments.parse_args()
    worlds, held_out = Worlds(a.data), Worlds(a.held_out)
    heads = nn.ModuleList([nn.Conv2d(width, 3, 1) for width in reversed(VAE_CONFIG["block_out_channels"])])
    stage = Stage("vae", a.runs, {"vae": Vae(), "heads": heads}, a.minutes, a.rate)
    vae, heads = stage.modules["vae"], stage.modules["heads"]

    def draw(rng):
        whole = stage.progress > 0.85
        rows = rng.integers(0, worlds.count, max(2, a.batch // 4) if whole else a.batch)
        # Oversamples crops at the borders, which uniform crops rarely touch.
        top, left = np.clip(rng.integers(-24, SIDE - CROP + 25, 2), 0, SIDE - CROP)
        x = worlds.pictures(rows, None if whole else (top, left, CROP))
        return x.flip(3) if rng.random() < 0.5 else x

    ahead = Ahead(draw)

    def step(rng, progress):
        x = to_device(ahead(rng))
        return loss_of(vae, heads, x, rng.random() < HALF_SIZE_SHARE, max(0, 0.5 - progress))

    def report():
        print(f"held out: {held_out_psnr(stage.average['vae'], held_out):.2f} dB", flush=True)

    stage.run(step, report)


if __name__ == "__main__":
    main()
