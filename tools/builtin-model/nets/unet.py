"""The UNet: diffusers' UNet2DConditionModel of the Stable Diffusion 1.x family, conditioned on a sequence of one token.

Softmax over one key is 1, so cross-attention reduces to `to_out(to_v(context))`; `to_q`, `to_k` and the norm before them
are unused and omitted from the checkpoint.
"""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from . import kernels
from .layers import Down, LayerNorm, Norm, Resnet, Up, attend

UNET_CONFIG = {
    "_class_name": "UNet2DConditionModel",
    "act_fn": "silu",
    "attention_head_dim": 4,
    "block_out_channels": [112, 128, 128],
    "center_input_sample": False,
    "cross_attention_dim": 128,
    "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
    "downsample_padding": 1,
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "in_channels": 16,
    "layers_per_block": 1,
    "mid_block_scale_factor": 1,
    "norm_eps": 1e-05,
    "norm_num_groups": 8,
    "out_channels": 16,
    "sample_size": 16,
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
}


class SelfAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.to_q, self.to_k, self.to_v = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(self, x):
        return self.to_out[0](attend(self.to_q(x), self.to_k(x), self.to_v(x), self.heads))


class CrossAttention(nn.Module):
    """Attention to one key, whose output is the projected value whatever the query."""

    def __init__(self, width, context):
        super().__init__()
        self.to_v = nn.Linear(context, width, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(self, context):
        return self.to_out[0](self.to_v(context))[:, None]


class Geglu(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.proj = nn.Linear(width, 2 * inner)

    def forward(self, x):
        x = self.proj(x)
        if kernels.supports(x):
            return kernels.Geglu.apply(x)
        value, gate = x.chunk(2, -1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.net = nn.ModuleList([Geglu(width, 4 * width), nn.Identity(), nn.Linear(4 * width, width)])

    def forward(self, x):
        return self.net[2](self.net[0](x))


class TransformerBlock(nn.Module):
    def __init__(self, width, heads, context):
        super().__init__()
        self.norm1, self.norm3 = LayerNorm(width), LayerNorm(width)
        self.attn1, self.attn2, self.ff = SelfAttention(width, heads), CrossAttention(width, context), FeedForward(width)

    def forward(self, x, context):
        x = x + self.attn1(self.norm1(x))
        x = x + self.attn2(context).to(x.dtype)
        return x + self.ff(self.norm3(x))


class Transformer(nn.Module):
    def __init__(self, width, heads, context, groups):
        super().__init__()
        self.norm = Norm(groups, width, 1e-6)
        self.proj_in, self.proj_out = nn.Conv2d(width, width, 1), nn.Conv2d(width, width, 1)
        self.transformer_blocks = nn.ModuleList([TransformerBlock(width, heads, context)])

    def forward(self, x, context):
        b, c, h, w = x.shape
        y = self.proj_in(self.norm(x)).flatten(2).transpose(1, 2)
        y = self.transformer_blocks[0](y, context)
        return x + self.proj_out(y.transpose(1, 2).reshape(b, c, h, w))


class UnetBlock(nn.Module):
    def __init__(self, resnets, attentions):
        super().__init__()
        self.resnets = nn.ModuleList(resnets)
        if attentions:
            self.attentions = nn.ModuleList(attentions)

    def layer(self, i, x, time, context):
        x = self.resnets[i](x, time)
        return self.attentions[i](x, context) if hasattr(self, "attentions") else x


class Middle(nn.Module):
    def __init__(self, resnets, attention):
        super().__init__()
        self.resnets, self.attentions = nn.ModuleList(resnets), nn.ModuleList([attention])

    def forward(self, x, time, context):
        return self.resnets[1](self.attentions[0](self.resnets[0](x, time), context), time)


class TimeEmbedding(nn.Module):
    def __init__(self, inputs, width):
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(inputs, width), nn.Linear(width, width)

    def forward(self, x):
        return self.linear_2(F.silu(self.linear_1(x)))


class Unet(nn.Module):
    """UNet2DConditionModel: predicts v for `sample` [b, c, h, w] at `timestep` [b], given `context` [b, 128]."""

    def __init__(self, c=UNET_CONFIG):
        super().__init__()
        channels, groups, eps = c["block_out_channels"], c["norm_num_groups"], c["norm_eps"]
        heads, context, layers = c["attention_head_dim"], c["cross_attention_dim"], c["layers_per_block"]
        self.width = channels[0]
        time = 4 * channels[0]
        self.conv_in = nn.Conv2d(c["in_channels"], channels[0], 3, padding=1)
        self.time_embedding = TimeEmbedding(channels[0], time)

        def attention(width):
            return Transformer(width, heads, context, groups)

        self.down_blocks = nn.ModuleList()
        skips = [channels[0]]
        x = channels[0]
        for i, (kind, width) in enumerate(zip(c["down_block_types"], channels)):
            resnets = []
            for _ in range(layers):
                resnets.append(Resnet(x, width, groups, eps, time))
                x = width
                skips.append(x)
            block = UnetBlock(resnets, [attention(width) for _ in range(layers)] if kind.startswith("Cross") else [])
            block.downsamplers = nn.ModuleList([Down(width)]) if i < len(channels) - 1 else None
            if i < len(channels) - 1:
                skips.append(x)
            self.down_blocks.append(block)
        self.mid_block = Middle([Resnet(x, x, groups, eps, time) for _ in range(2)], attention(x))
        self.up_blocks = nn.ModuleList()
        for i, (kind, width) in enumerate(zip(c["up_block_types"], channels[::-1])):
            resnets = []
            for _ in range(layers + 1):
                resnets.append(Resnet(x + skips.pop(), width, groups, eps, time))
                x = width
            attentions = [attention(width) for _ in range(layers + 1)] if kind.startswith("Cross") else []
            block = UnetBlock(resnets, attentions)
            block.upsamplers = nn.ModuleList([Up(width)]) if i < len(channels) - 1 else None
            self.up_blocks.append(block)
        self.conv_norm_out = Norm(groups, channels[0], eps)
        self.conv_out = nn.Conv2d(channels[0], c["out_channels"], 3, padding=1)

    def features(self, timestep):
        """Sinusoidal timestep embedding, cosines first (`flip_sin_to_cos`)."""
        half = self.width // 2
        rates = torch.exp(-math.log(10000) * torch.arange(half, device=timestep.device) / half)
        angles = timestep.float()[:, None] * rates
        return torch.cat([angles.cos(), angles.sin()], -1)

    def forward(self, sample, timestep, context):
        time = self.time_embedding(self.features(timestep))
        x = self.conv_in(sample)
        skips = [x]
        for block in self.down_blocks:
            for i in range(len(block.resnets)):
                x = block.layer(i, x, time, context)
                skips.append(x)
            if block.downsamplers is not None:
                x = block.downsamplers[0](x)
                skips.append(x)
        x = self.mid_block(x, time, context)
        for block in self.up_blocks:
            for i in range(len(block.resnets)):
                x = block.layer(i, torch.cat([x, skips.pop()], 1), time, context)
            if block.upsamplers is not None:
                x = block.upsamplers[0](x)
        return self.conv_out(self.conv_norm_out.active(x))
