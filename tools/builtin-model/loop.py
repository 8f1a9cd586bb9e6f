"""Training loop of all stages: time budget, checkpoints for resuming, and averaged weights."""

import copy
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def autocast():
    """Autocast to bfloat16; weights, losses and statistics stay in float32."""
    return torch.autocast(DEVICE, dtype=torch.bfloat16)


def to_device(x):
    x = x.to(DEVICE)
    return x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x


class Ahead:
    """Prefetches `make(rng)` by one call in a background thread."""

    def __init__(self, make):
        self.make, self.pool, self.next = make, ThreadPoolExecutor(1), None

    def __call__(self, rng):
        result = (self.next or self.pool.submit(self.make, rng)).result()
        self.next = self.pool.submit(self.make, rng)
        return result


class Stage:
    """Trains modules for a total number of minutes, across interruptions.

    The learning rate warms up for 2 % of the time and then follows a cosine decay, so that the schedule is complete on a
    machine of any speed. Time in which the processor runs other programs, or the machine sleeps, does not count. `average`
    holds the exponential moving average of the weights, which is exported.
    """

    def __init__(self, name, folder, modules, minutes, rate, betas=(0.9, 0.99), decay=0.01, average=0.999):
        self.path = f"{folder}/{name}.pt"
        self.name, self.minutes, self.rate, self.keep = name, minutes, rate, average
        self.modules = torch.nn.ModuleDict(modules).to(DEVICE).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.modules).requires_grad_(False)
        matrices = [p for p in self.modules.parameters() if p.requires_grad and p.dim() > 1]
        others = [p for p in self.modules.parameters() if p.requires_grad and p.dim() <= 1]
        self.optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": decay}, {"params": others, "weight_decay": 0}], rate, betas
        )
        self.step, self.spent, self.losses = 0, 0.0, {}
        if os.path.exists(self.path):
            state = torch.load(self.path, map_location=DEVICE)
            self._load(self.modules, state["modules"])
            self._load(self.average, state["average"])
            # Shipped weights come without optimizer state: see `adopt.py`.
            if "optimizer" in state:
                self.optimizer.load_state_dict(state["optimizer"])
                self.step, self.spent = state["step"], state["spent"]
        # A resumed stage must not repeat the same random choices.
        self.rng = np.random.default_rng(self.step)
        torch.manual_seed(self.step)

    @staticmethod
    def _load(modules, tensors):
        """Loads weights. Missing heads, which shipped weights may lack, keep their initialization."""
        missing, unexpected = modules.load_state_dict(tensors, strict=False)
        if unexpected or any(not name.startswith("heads.") for name in missing):
            raise KeyError(f"these weights are of another network: {[*unexpected, *missing][:4]}")

    @property
    def progress(self):
        return min(1.0, self.spent / (60 * self.minutes))

    @staticmethod
    def _clocks():
        """Wall time and processor time in seconds; the smaller difference of both counts as spent."""
        return time.time(), time.process_time()

    def save(self):
        state = {
            "modules": self.modules.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "spent": self.spent,
        }
        torch.save(state, self.path + ".part")
        os.replace(self.path + ".part", self.path)

    def run(self, loss_of, report=None, every=100, until=1.0):
        """Minimizes `loss_of(rng, progress)`, which returns a loss and metrics, until `progress` reaches `until`."""
        clocks, printed, saved = self._clocks(), time.time(), time.time()
        while self.progress < until:
            progress = self.progress
            warm = min(1.0, progress / 0.02 + 0.02)
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
            loss, figures = loss_of(self.rng, progress)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(self.modules.parameters(), 1.0)
            if not torch.isfinite(norm):
                raise FloatingPointError(f"{self.name}: the gradient is not finite at step {self.step}")
            self.optimizer.step()
            self.step += 1
            keep = min(self.keep, (1 + self.step) / (10 + self.step))
            with torch.no_grad():
                for averaged, current in zip(self.average.state_dict().values(), self.modules.state_dict().values()):
                    if averaged.dtype.is_floating_point:
                        averaged.lerp_(current, 1 - keep)
                    else:
                        averaged.copy_(current)
            for key, value in figures.items():
                self.losses.setdefault(key, []).append(float(value))
            before, clocks = clocks, self._clocks()
            self.spent += min(after - earlier for after, earlier in zip(clocks, before))
            now = time.time()
            if self.step % every == 0:
                means = "  ".join(f"{key} {np.mean(values):.4f}" for key, values in self.losses.items())
                seconds = (now - printed) / every
                print(f"{self.name} {self.step}  {self.progress:.1%}  {seconds:.2f} s a step  {means}", flush=True)
                self.losses, printed = {}, now
            if now - saved > 120:
                self.save()
                saved = now
                if report:
                    report()
        self.save()
        if report:
            report()
