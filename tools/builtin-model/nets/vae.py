"""The VAE: diffusers' AutoencoderKL."""

import math

import torch.nn as nn

from .layers import Block, Down, Norm, Resnet, Up, attend


class VaeAttention(nn.Module):
    def __init__(self, channels, groups, eps):
        super().__init__()
        self.group_norm = Norm(groups, channels, eps)
        self.to_q, self.to_k, self.to_v = (nn.Linear(channels, channels) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x):
        b, c, h, w = x.shape
        y = self.group_norm(x).flatten(2).transpose(1, 2)
        y = self.to_out[0](attend(self.to_q(y), self.to_k(y), self.to_v(y), 1))
        return x + y.transpose(1, 2).reshape(b, c, h, w)


class VaeMiddle(nn.Module):
    def __init__(self, channels, groups, eps):
        super().__init__()
        self.resnets = nn.ModuleList([Resnet(channels, channels, groups, eps) for _ in range(2)])
        self.attentions = nn.ModuleList([VaeAttention(channels, groups, eps)])

    def forward(self, x):
        return self.resnets[1](self.attentions[0](self.resnets[0](x)))


VAE_CONFIG = {
    "_class_name": "AutoencoderKL",
    "act_fn": "silu",
    "block_out_channels": [24, 40, 64, 96, 128],
    "down_block_types": ["DownEncoderBlock2D"] * 5,
    "in_channels": 3,
    "latent_channels": 16,
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "out_channels": 3,
    "sample_size": 256,
    "up_block_types": ["UpDecoderBlock2D"] * 5,
}
VAE_EPS = 1e-6


def keep_variance(module):
    """Initializes weights so that the variance of activations stays constant from layer to layer.

    PyTorch's default reduces it to a third at each convolution, so that the biases dominate the output of a VAE with five
    levels for thousands of steps. The last layer of a residual branch is scaled by 0.5.
    """
    for name, layer in module.named_modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            gain = 0.5 if name.endswith("conv2") or "to_out" in name else 1
            nn.init.normal_(layer.weight, std=gain / math.sqrt(layer.weight[0].numel()))
            nn.init.zeros_(layer.bias)


class Encoder(nn.Module):
    def __init__(self, c=VAE_CONFIG):
        super().__init__()
        channels, groups = c["block_out_channels"], c["norm_num_groups"]
        self.conv_in = nn.Conv2d(3, channels[0], 3, padding=1)
        self.down_blocks = nn.ModuleList()
        for i, width in enumerate(channels):
            before = channels[max(0, i - 1)]
            resnets = [Resnet(before if j == 0 else width, width, groups, VAE_EPS) for j in range(c["layers_per_block"])]
            last = i == len(channels) - 1
            self.down_blocks.append(Block(resnets, downsamplers=None if last else Down(width, asymmetric=True)))
        self.mid_block = VaeMiddle(channels[-1], groups, VAE_EPS)
        self.conv_norm_out = Norm(groups, channels[-1], VAE_EPS)
        self.conv_out = nn.Conv2d(channels[-1], 2 * c["latent_channels"], 3, padding=1)

    def forward(self, x):
        x = self.conv_in(x)
        for block in self.down_blocks:
            x = block(x)
        return self.conv_out(self.conv_norm_out.active(self.mid_block(x)))


class Decoder(nn.Module):
    def __init__(self, c=VAE_CONFIG):
        super().__init__()
        channels, groups = c["block_out_channels"][::-1], c["norm_num_groups"]
        self.conv_in = nn.Conv2d(c["latent_channels"], channels[0], 3, padding=1)
        self.mid_block = VaeMiddle(channels[0], groups, VAE_EPS)
        self.up_blocks = nn.ModuleList()
        for i, width in enumerate(channels):
            before = channels[max(0, i - 1)]
            resnets = [
                Resnet(before if j == 0 else width, width, groups, VAE_EPS) for j in range(c["layers_per_block"] + 1)
            ]
            last = i == len(channels) - 1
            self.up_blocks.append(Block(resnets, upsamplers=None if last else Up(width)))
        self.conv_norm_out = Norm(groups, channels[-1], VAE_EPS)
        self.conv_out = nn.Conv2d(channels[-1], 3, 3, padding=1)

    def levels(self, z):
        """Activations of each level before upsampling, coarsest first, and the picture."""
        x = self.mid_block(self.conv_in(z))
        levels = []
        for block in self.up_blocks:
            for resnet in block.resnets:
                x = resnet(x)
            levels.append(x)
            if block.upsamplers is not None:
                x = block.upsamplers[0](x)
        return levels, self.conv_out(self.conv_norm_out.active(x))

    def forward(self, z):
        return self.levels(z)[1]


class Vae(nn.Module):
    """AutoencoderKL: pictures [b, 3, h, w] in -1…1 to latents [b, c, h/f, w/f] without `scaling_factor`, and back."""

    def __init__(self, c=VAE_CONFIG):
        super().__init__()
        n = c["latent_channels"]
        self.encoder, self.decoder = Encoder(c), Decoder(c)
        self.quant_conv = nn.Conv2d(2 * n, 2 * n, 1)
        self.post_quant_conv = nn.Conv2d(n, n, 1)
        keep_variance(self)
        # A small initial variance of the latents, so that noise does not drown them before they have grown.
        nn.init.constant_(self.quant_conv.bias[n:], -4)

    def encode(self, x):
        """Mean and log variance of the latents."""
        return self.quant_conv(self.encoder(x)).float().chunk(2, 1)

    def decode(self, z):
        return self.decoder(self.post_quant_conv(z))
