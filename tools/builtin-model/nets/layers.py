"""Layers that the VAE, the UNet and the towers share."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from . import kernels


class Norm(nn.GroupNorm):
    """Group norm; `active(x)` applies SiLU to it."""

    def _by_kernel(self, x, active):
        with torch.autocast("cpu", enabled=False):
            return kernels.NormSilu.apply(x, self.weight, self.bias, self.num_groups, self.eps, active)

    def forward(self, x):
        if kernels.supports(x):
            return self._by_kernel(x, False)
        return super().forward(x.float()).to(x.dtype)

    def active(self, x):
        if kernels.supports(x):
            return self._by_kernel(x, True)
        return F.silu(self.forward(x))


class Resnet(nn.Module):
    def __init__(self, inputs, outputs, groups, eps, time=None):
        super().__init__()
        self.norm1 = Norm(groups, inputs, eps)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        if time is not None:
            self.time_emb_proj = nn.Linear(time, outputs)
        self.norm2 = Norm(groups, outputs, eps)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.conv_shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else None

    def forward(self, x, time=None):
        y = self.conv1(self.norm1.active(x))
        if time is not None:
            y = y + self.time_emb_proj(F.silu(time)).to(y.dtype)[:, :, None, None]
        y = self.conv2(self.norm2.active(y))
        return y + (x if self.conv_shortcut is None else self.conv_shortcut(x))


class Up(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Down(nn.Module):
    """Downsamples by 2; `asymmetric` pads right and bottom only, as in the VAE."""

    def __init__(self, channels, asymmetric=False):
        super().__init__()
        self.asymmetric = asymmetric
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=0 if asymmetric else 1)

    def forward(self, x):
        return self.conv(F.pad(x, (0, 1, 0, 1)) if self.asymmetric else x)


def attend(q, k, v, heads):
    """Multi-head attention on [b, n, c]."""
    b, n, c = q.shape
    q, k, v = (x.reshape(b, n, heads, c // heads).transpose(1, 2) for x in (q, k, v))
    scale = (c // heads) ** -0.5
    logits = q @ k.transpose(-1, -2)
    weights = kernels.Softmax.apply(logits, scale) if kernels.supports(logits) else torch.softmax(logits.float() * scale, -1).to(v.dtype)
    return (weights @ v).transpose(1, 2).reshape(b, n, c)


class Block(nn.Module):
    """Consecutive resnets, then down- or upsampling."""

    def __init__(self, resnets, **resize):
        super().__init__()
        self.resnets = nn.ModuleList(resnets)
        for name, module in resize.items():
            setattr(self, name, nn.ModuleList([module]) if module is not None else None)

    def forward(self, x):
        for resnet in self.resnets:
            x = resnet(x)
        for name in ("downsamplers", "upsamplers"):
            if getattr(self, name, None) is not None:
                x = getattr(self, name)[0](x)
        return x


class LayerNorm(nn.LayerNorm):
    """Layer norm computed in float32 for inputs of any type."""

    def forward(self, x):
        return super().forward(x.float()).to(x.dtype)
