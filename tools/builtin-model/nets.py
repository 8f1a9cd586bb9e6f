"""Networks with the tensor names and shapes of diffusers' checkpoints, which Drift compiles.

Only the parts of each architecture that the built-in model uses are implemented: the VAE is diffusers' AutoencoderKL, the
UNet its UNet2DConditionModel of the Stable Diffusion 1.x family, conditioned on a sequence of one token. Softmax over one
key is 1, so cross-attention reduces to `to_out(to_v(context))`; `to_q`, `to_k` and the norm before them are unused and
omitted from the checkpoint.
"""

import ctypes
import math
import os
import platform
import subprocess
import tempfile

import torch
import torch.nn as nn
import torch.nn.functional as F


def _native():
    """Builds and loads `kernels.c`; None if it cannot be built."""
    here = os.path.dirname(os.path.abspath(__file__))
    built = os.path.join(tempfile.gettempdir(), f"drift-kernels-{os.getuid()}-{platform.machine()}.so")
    command = ["gcc", "-O3", "-march=native", "-ffast-math", "-fopenmp", "-shared", "-fPIC", "-o", built + ".part"]
    try:
        if not os.path.exists(built) or os.path.getmtime(built) < os.path.getmtime(f"{here}/kernels.c"):
            subprocess.run([*command, f"{here}/kernels.c", "-lm"], check=True, capture_output=True)
            os.replace(built + ".part", built)
        return ctypes.CDLL(built)
    except (OSError, subprocess.CalledProcessError):
        return None


_library = None if torch.cuda.is_available() else _native()


def _pointers(*tensors):
    return [ctypes.c_void_p(t.data_ptr()) for t in tensors]


class _NormSilu(torch.autograd.Function):
    """Group norm with optional SiLU, by `kernels.c`."""

    @staticmethod
    def forward(ctx, x, weight, bias, groups, eps, active):
        x = x.contiguous(memory_format=torch.channels_last)
        b, c, h, w = x.shape
        y = torch.empty_like(x)
        mean, rstd = torch.empty(2, b, groups)
        sizes = [b, h * w, c, groups]
        _library.norm_forward(*_pointers(x, weight, bias, y, mean, rstd), *sizes, ctypes.c_float(eps), int(active))
        ctx.save_for_backward(x, weight, bias, mean, rstd)
        ctx.sizes, ctx.active = sizes, active
        return y

    @staticmethod
    def backward(ctx, grad):
        x, weight, bias, mean, rstd = ctx.saved_tensors
        grad = grad.contiguous(memory_format=torch.channels_last)
        dx = torch.empty_like(x)
        dweight, dbias = torch.empty(2, x.shape[0], x.shape[1])
        _library.norm_backward(*_pointers(x, grad, weight, bias, mean, rstd, dx, dweight, dbias), *ctx.sizes, int(ctx.active))
        return dx, dweight.sum(0), dbias.sum(0), None, None, None


class _Softmax(torch.autograd.Function):
    """softmax(scale · x) over the last dimension, by `kernels.c`."""

    @staticmethod
    def forward(ctx, x, scale):
        x = x.contiguous()
        p = torch.empty_like(x)
        n = x.shape[-1]
        _library.softmax_forward(*_pointers(x, p), ctypes.c_long(x.numel() // n), n, ctypes.c_float(scale))
        ctx.save_for_backward(p)
        ctx.scale = scale
        return p

    @staticmethod
    def backward(ctx, grad):
        (p,) = ctx.saved_tensors
        grad, n, dx = grad.contiguous(), p.shape[-1], torch.empty_like(p)
        rows = ctypes.c_long(p.numel() // n)
        _library.softmax_backward(*_pointers(p, grad, dx), rows, n, ctypes.c_float(ctx.scale))
        return dx, None


class _Geglu(torch.autograd.Function):
    """value · gelu(gate), where both are halves of the last dimension, by `kernels.c`."""

    @staticmethod
    def forward(ctx, x):
        x = x.contiguous()
        n = x.shape[-1] // 2
        y = torch.empty(*x.shape[:-1], n, dtype=x.dtype)
        _library.geglu_forward(*_pointers(x, y), ctypes.c_long(y.numel() // n), n)
        ctx.save_for_backward(x)
        return y

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        grad, n, dx = grad.contiguous(), x.shape[-1] // 2, torch.empty_like(x)
        _library.geglu_backward(*_pointers(x, grad, dx), ctypes.c_long(grad.numel() // n), n)
        return dx


def native(x):
    """Whether `kernels.c` supports a tensor."""
    return _library is not None and x.dtype == torch.bfloat16 and not x.is_cuda


class Norm(nn.GroupNorm):
    """Group norm; `active(x)` applies SiLU to it."""

    def _native(self, x, active):
        with torch.autocast("cpu", enabled=False):
            return _NormSilu.apply(x, self.weight, self.bias, self.num_groups, self.eps, active)

    def forward(self, x):
        if native(x):
            return self._native(x, False)
        return super().forward(x.float()).to(x.dtype)

    def active(self, x):
        if native(x):
            return self._native(x, True)
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
    weights = _Softmax.apply(logits, scale) if native(logits) else torch.softmax(logits.float() * scale, -1).to(v.dtype)
    return (weights @ v).transpose(1, 2).reshape(b, n, c)


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
        if native(x):
            return _Geglu.apply(x)
        value, gate = x.chunk(2, -1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.net = nn.ModuleList([Geglu(width, 4 * width), nn.Identity(), nn.Linear(4 * width, width)])

    def forward(self, x):
        return self.net[2](self.net[0](x))


class LayerNorm(nn.LayerNorm):
    """Layer norm computed in float32 for inputs of any type."""

    def forward(self, x):
        return super().forward(x.float()).to(x.dtype)


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


class ImageBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1, self.conv2 = (nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(2))
        self.norm1, self.norm2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        nn.init.zeros_(self.norm2.weight)

    def forward(self, x):
        return F.relu(x + self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))))


EMBEDDING_WIDTH = 128
# Norm of the embeddings: their components have a deviation of about 1, and guidance, whose steps are scale / norm, moves
# them about as far as CLIP's own embeddings, whose norm is similar.
EMBEDDING_LENGTH = EMBEDDING_WIDTH**0.5
CLIP_SIDE = 96


class ImageTower(nn.Module):
    """CLIP pixels [b, 3, 96, 96] to image embeddings [b, 128]."""

    def __init__(self, widths=(32, 64, 128, 160)):
        super().__init__()
        layers = []
        before = 3
        for i, width in enumerate(widths):
            layers += [nn.Conv2d(before, width, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            layers += [ImageBlock(width) for _ in range(0 if i == 0 else 2)]
            before = width
        self.layers = nn.Sequential(*layers)
        self.projection = nn.Linear(2 * before, EMBEDDING_WIDTH, bias=False)

    def forward(self, pixels):
        x = self.layers(pixels).float()
        # Mean pooling captures how much there is of a feature, max pooling whether it occurs at all, however small.
        with torch.autocast(x.device.type, enabled=False):
            x = self.projection(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))
        return x * (EMBEDDING_LENGTH / torch.sqrt((x * x).sum(-1, keepdim=True) + 1e-6))


class TextLayer(nn.Module):
    def __init__(self, width, heads, dropout):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = LayerNorm(width), LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, bias):
        b, n, c = x.shape
        h, d = self.heads, c // self.heads
        # -1 keeps the batch dimension of the exported graph dynamic.
        q, k, v = (y.reshape(-1, n, h, d).transpose(1, 2) for y in self.qkv(self.norm1(x)).chunk(3, -1))
        weights = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(d) + bias, -1)
        x = x + self.dropout(self.out((weights @ v).transpose(1, 2).reshape(-1, n, c)))
        return x + self.dropout(self.down(F.relu(self.up(self.norm2(x)))))


class TextTower(nn.Module):
    """Token ids [b, n] to unit text embeddings [b, 128]; ids from `special` on (start, end, padding) are masked."""

    def __init__(self, vocabulary, special, width=128, depth=2, dropout=0.1):
        super().__init__()
        self.special = special
        self.tokens = nn.Embedding(vocabulary, width)
        nn.init.normal_(self.tokens.weight, std=0.5)
        self.layers = nn.ModuleList([TextLayer(width, 4, dropout) for _ in range(depth)])
        self.norm = LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.projection = nn.Linear(width, EMBEDDING_WIDTH, bias=False)

    def forward(self, ids):
        words = (ids < self.special).to(self.tokens.weight.dtype)
        x = self.dropout(self.tokens(ids))
        bias = (words[:, None, None, :] - 1) * 1e4
        for layer in self.layers:
            x = layer(x, bias)
        x = (self.norm(x) * words[..., None]).sum(1) / (words.sum(1, keepdim=True) + 1e-6)
        with torch.autocast(x.device.type, enabled=False):
            x = self.projection(x.float())
        return x / torch.sqrt((x * x).sum(-1, keepdim=True) + 1e-6)
