"""Initializes training with the shipped weights: `python3 adopt.py MODEL RUNS`.

Writes the checkpoints of the stages to RUNS, with float16 precision and without optimizer state. A stage that is run
afterwards trains for its full budget of minutes.
"""

import argparse
import json
import os

import torch

from export import CLIP_WEIGHTS, read_safetensors
from nets import ImageTower


def save(runs, stage, tensors):
    torch.save({"modules": tensors, "average": tensors}, f"{runs}/{stage}.pt")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("model")
    arguments.add_argument("runs")
    a = arguments.parse_args()
    os.makedirs(a.runs, exist_ok=True)
    vae = {**read_safetensors(f"{a.model}/vae/diffusion_pytorch_model.safetensors"), **read_safetensors(f"{a.model}/vae/encoder.safetensors")}
    save(a.runs, "vae", {f"vae.{k}": v for k, v in vae.items()})
    unet = f"{a.model}/unet/diffusion_pytorch_model.safetensors"
    if os.path.exists(unet):
        save(a.runs, "unet", {f"unet.{k}": v for k, v in read_safetensors(unet).items()})
    clip = read_safetensors(CLIP_WEIGHTS)
    # Batch norm's integer counters of batches are not in the file.
    counts = {f"image.{k}": v for k, v in ImageTower().state_dict().items() if not v.dtype.is_floating_point}
    save(a.runs, "clip", {**clip, **counts})
    merges = json.load(open(f"{a.model}/tokenizer/tokenizer.json"))["model"]["merges"]
    json.dump([m.split(" ") for m in merges], open(f"{a.runs}/words.json", "w"))


if __name__ == "__main__":
    main()
