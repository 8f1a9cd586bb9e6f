"""Trains the VAE: `python3 vae.py DATA RUNS --minutes 30`.

Crops of 64×64 for most of the time, which are four times as quick and teach the same edges; whole pictures at the end,
because group norm sees the whole of a picture. The loss is the mean of squared and absolute errors, of the picture and
of its differences between neighbours, which keeps edges sharp; a little Kullback-Leibler divergence keeps the latents
near a normal distribution.
"""

import argparse

import numpy as np
import torch
import torch.nn.functional as F

from data import SIDE, Pictures, backgrounds, place, plain
from loop import Stage, autocast, to_device
from nets import Vae

KL_WEIGHT = 2e-5


def differences(x):
    return x[:, :, 1:] - x[:, :, :-1], x[:, :, :, 1:] - x[:, :, :, :-1]


def loss_of(vae, x):
    with autocast():
        mean, log_variance = vae.encode(x)
        log_variance = log_variance.clamp(-20, 10)
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        y = vae.decode(z).float()
    squared = F.mse_loss(y, x)
    edges = sum(F.l1_loss(a, b) for a, b in zip(differences(y), differences(x)))
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).mean()
    loss = squared + 0.15 * F.l1_loss(y, x) + 0.1 * edges + KL_WEIGHT * kl
    return loss, {"psnr": -10 * torch.log10(squared.detach() / 4), "edges": edges.detach(), "kl": kl.detach()}


@torch.no_grad()
def held_out_psnr(vae, pictures, count=96):
    """Mean PSNR in dB of whole held-out pictures on white."""
    rng = np.random.default_rng(1)
    chosen = rng.permutation([i for c in pictures.held_out for i in pictures.concepts[c]])[:count]
    values = []
    for part in np.array_split(chosen, max(1, count // 16)):
        x = to_device(plain(pictures.pixels[np.sort(part)]))
        with autocast():
            y = vae.decode(vae.encode(x)[0]).float().clamp(-1, 1)
        values += (-10 * torch.log10(((y - x) / 2).square().mean((1, 2, 3)))).tolist()
    return float(np.mean(values))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("data")
    arguments.add_argument("runs")
    arguments.add_argument("--minutes", type=float, default=30)
    arguments.add_argument("--batch", type=int, default=16)
    arguments.add_argument("--rate", type=float, default=1e-3)
    a = arguments.parse_args()
    pictures = Pictures(a.data)
    stage = Stage("vae", a.runs, {"vae": Vae()}, a.minutes, a.rate)
    vae = stage.modules["vae"]

    def step(rng, progress):
        whole = progress > 0.8
        n = max(4, a.batch // 4) if whole else a.batch
        rows = pictures.draw(rng, rng.choice(pictures.training, n))
        x = place(rng, pictures.pixels[rows], backgrounds(rng, n)[0], pictures.flips[rows])
        if not whole:
            # Edges of the picture are rare in crops from anywhere, so some crops are taken in corners.
            y, z = np.clip(rng.integers(-16, SIDE - 64 + 17, 2), 0, SIDE - 64)
            x = x[:, :, y : y + 64, z : z + 64]
        return loss_of(vae, to_device(x))

    def report():
        print(f"held out: {held_out_psnr(stage.average['vae'], pictures):.2f} dB", flush=True)

    stage.run(step, report)


if __name__ == "__main__":
    main()
