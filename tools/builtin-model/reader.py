"""Fits the attribute reader: `python3 reader.py DATA RUNS`, after `bank.py`.

One linear classifier for each attribute on the unit image embeddings of the bank (a linear probe, Radford et al. 2021).
`measure.ts` reads attributes off pictures with it: zero-shot classification by the text tower confuses seasons and kinds
of weather that the image embedding does distinguish. Prints the accuracy on a tenth of the scenes, which is left out.
"""

import argparse

import torch
import torch.nn.functional as F

from bank import Bank
from data import Worlds
from export import write_safetensors
from nets import EMBEDDING_WIDTH

READER_WEIGHTS = "weights/attribute-reader.safetensors"
ATTRIBUTES = ("family", "time", "weather", "season", "sky", "palette", "style", "thing")
STEPS = 2000


def label(scene, attribute):
    """The value of an attribute, None where it does not apply: the rules of `trueValue` in measure/attribute-reader.ts."""
    if attribute == "weather":
        return None if scene["family"] == "underwater" else scene["weather"]
    if attribute == "season":
        return None if scene["season"] == "none" else scene["season"]
    if attribute == "sky":
        return None if scene["sky"] == "plain" else scene["sky"]
    if attribute == "thing":
        return scene["things"][0] if len(scene["things"]) == 1 else None
    return scene[attribute]


def fit(embeds, labels, classes):
    """Logistic regression by Adam with a small weight decay."""
    head = torch.nn.Linear(EMBEDDING_WIDTH, classes)
    optimizer = torch.optim.Adam(head.parameters(), 0.05, weight_decay=1e-5)
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = 0.05 * (1 - step / STEPS)
        optimizer.zero_grad()
        F.cross_entropy(head(embeds), labels).backward()
        optimizer.step()
    return head


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("data")
    arguments.add_argument("runs")
    a = arguments.parse_args()
    worlds, bank = Worlds(a.data), Bank(a.runs)
    embeds = F.normalize(torch.from_numpy(bank.embeds), dim=-1)
    tensors = {}
    for attribute in ATTRIBUTES:
        values = list(worlds.words[attribute])
        known = [(row, label(worlds.scene(row), attribute)) for row in range(len(embeds))]
        rows, labels = zip(*((row, values.index(value)) for row, value in known if value is not None))
        x, y = embeds[list(rows)], torch.tensor(labels)
        cut = len(y) * 9 // 10
        tried = fit(x[:cut], y[:cut], len(values))
        right = (tried(x[cut:]).argmax(1) == y[cut:]).float().mean()
        print(f"{attribute}: {right:.1%} of {len(y) - cut}", flush=True)
        head = fit(x, y, len(values))
        tensors[f"{attribute}.weight"], tensors[f"{attribute}.bias"] = head.weight, head.bias
    write_safetensors(READER_WEIGHTS, tensors)


if __name__ == "__main__":
    main()
