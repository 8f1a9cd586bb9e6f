"""Exports a UNet as people export it from PyTorch: `python3 export_unet.py CHECKPOINT OUT.onnx --side 16`.

CHECKPOINT is a folder with `unet/config.json` and `unet/diffusion_pytorch_model.safetensors` in diffusers' layout. The
network is written with plain PyTorch modules, as diffusers 0.8 defines UNet2DConditionModel (Apache-2.0), and traced by
`torch.onnx.export` at batch 2 for latents of SIDE × SIDE. `npm run bench -- --second OUT.onnx` times it in turn with
Drift's graph of the same weights. Needs PyTorch 1.13 or newer, NumPy and ONNX.
"""

import argparse
import inspect
import json
import math
import os
import tempfile

import numpy as np
import onnx
import torch
import torch.nn as nn
import torch.nn.functional as F
from onnx import TensorProto, numpy_helper

NORM_EPSILON_OF_TRANSFORMERS = 1e-6


class Resnet(nn.Module):
    def __init__(self, inputs, outputs, time, groups, eps):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, inputs, eps)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.time_emb_proj = nn.Linear(time, outputs)
        self.norm2 = nn.GroupNorm(groups, outputs, eps)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.conv_shortcut = nn.Conv2d(inputs, outputs, 1)
        self.changes = inputs != outputs

    def forward(self, x, time):
        y = self.conv1(F.silu(self.norm1(x)))
        y = y + self.time_emb_proj(F.silu(time))[:, :, None, None]
        y = self.conv2(F.silu(self.norm2(y)))
        return (self.conv_shortcut(x) if self.changes else x) + y


class Attention(nn.Module):
    def __init__(self, width, context, heads):
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k, self.to_v = (nn.Linear(context, width, bias=False) for _ in range(2))
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def split(self, x):
        b, n, c = x.shape
        return x.reshape(b, n, self.heads, c // self.heads).permute(0, 2, 1, 3).reshape(b * self.heads, n, c // self.heads)

    def forward(self, x, context):
        b, n, c = x.shape
        q, k, v = self.split(self.to_q(x)), self.split(self.to_k(context)), self.split(self.to_v(context))
        weights = (torch.bmm(q, k.transpose(1, 2)) * (c // self.heads) ** -0.5).softmax(-1)
        y = torch.bmm(weights, v).reshape(b, self.heads, n, c // self.heads).permute(0, 2, 1, 3).reshape(b, n, c)
        return self.to_out[0](y)


class Geglu(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.proj = nn.Linear(width, 8 * width)

    def forward(self, x):
        value, gate = self.proj(x).chunk(2, -1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.net = nn.ModuleList([Geglu(width), nn.Identity(), nn.Linear(4 * width, width)])

    def forward(self, x):
        return self.net[2](self.net[0](x))


class TransformerBlock(nn.Module):
    def __init__(self, width, context, heads):
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width) for _ in range(3))
        self.attn1, self.attn2 = Attention(width, width, heads), Attention(width, context, heads)
        self.ff = FeedForward(width)

    def forward(self, x, context):
        y = self.norm1(x)
        x = self.attn1(y, y) + x
        x = self.attn2(self.norm2(x), context) + x
        return self.ff(self.norm3(x)) + x


class Transformer(nn.Module):
    def __init__(self, width, context, heads, groups):
        super().__init__()
        self.norm = nn.GroupNorm(groups, width, NORM_EPSILON_OF_TRANSFORMERS)
        self.proj_in, self.proj_out = (nn.Conv2d(width, width, 1) for _ in range(2))
        self.transformer_blocks = nn.ModuleList([TransformerBlock(width, context, heads)])

    def forward(self, x, context):
        b, c, h, w = x.shape
        y = self.proj_in(self.norm(x)).permute(0, 2, 3, 1).reshape(b, h * w, c)
        y = self.transformer_blocks[0](y, context)
        return self.proj_out(y.reshape(b, h, w, c).permute(0, 3, 1, 2)) + x


class Resampler(nn.Module):
    def __init__(self, width, up):
        super().__init__()
        self.up = up
        self.conv = nn.Conv2d(width, width, 3, stride=1 if up else 2, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest") if self.up else x)


class Block(nn.Module):
    """Residual blocks with transformers, then down- or upsampling."""

    def __init__(self, resnets, attentions, **resamplers):
        super().__init__()
        self.resnets = nn.ModuleList(resnets)
        if attentions:
            self.attentions = nn.ModuleList(attentions)
        self.attends = bool(attentions)
        for name, resampler in resamplers.items():
            setattr(self, name, nn.ModuleList([resampler]))

    def layer(self, i, x, time, context):
        x = self.resnets[i](x, time)
        return self.attentions[i](x, context) if self.attends else x


class Middle(nn.Module):
    def __init__(self, resnets, attention):
        super().__init__()
        self.resnets, self.attentions = nn.ModuleList(resnets), nn.ModuleList([attention])

    def forward(self, x, time, context):
        return self.resnets[1](self.attentions[0](self.resnets[0](x, time), context), time)


class TimeEmbedding(nn.Module):
    def __init__(self, width, out):
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(width, out), nn.Linear(out, out)

    def forward(self, x):
        return self.linear_2(F.silu(self.linear_1(x)))


class Unet(nn.Module):
    def __init__(self, c):
        super().__init__()
        widths, layers, groups, eps = c["block_out_channels"], c["layers_per_block"], c["norm_num_groups"], c["norm_eps"]
        context, heads, time = c["cross_attention_dim"], c["attention_head_dim"], 4 * widths[0]

        def resnet(inputs, outputs):
            return Resnet(inputs, outputs, time, groups, eps)

        def attentions(kind, width, count):
            return [Transformer(width, context, heads, groups) for _ in range(count)] if kind.startswith("CrossAttn") else []

        half = widths[0] // 2
        self.register_buffer("frequencies", torch.exp(-math.log(10000) * torch.arange(half) / half), persistent=False)
        self.conv_in = nn.Conv2d(c["in_channels"], widths[0], 3, padding=1)
        self.time_embedding = TimeEmbedding(widths[0], time)
        self.down_blocks, self.up_blocks, skips = nn.ModuleList(), nn.ModuleList(), [widths[0]]
        before = widths[0]
        for i, (kind, width) in enumerate(zip(c["down_block_types"], widths)):
            last = i == len(widths) - 1
            resnets = [resnet(before if n == 0 else width, width) for n in range(layers)]
            resize = {} if last else {"downsamplers": Resampler(width, False)}
            self.down_blocks.append(Block(resnets, attentions(kind, width, layers), **resize))
            skips += [width] * (layers if last else layers + 1)
            before = width
        self.mid_block = Middle([resnet(before, before) for _ in range(2)], Transformer(before, context, heads, groups))
        for i, (kind, width) in enumerate(zip(c["up_block_types"], reversed(widths))):
            resnets = []
            for _ in range(layers + 1):
                resnets.append(resnet(before + skips.pop(), width))
                before = width
            resize = {} if i == len(widths) - 1 else {"upsamplers": Resampler(width, True)}
            self.up_blocks.append(Block(resnets, attentions(kind, width, layers + 1), **resize))
        self.conv_norm_out = nn.GroupNorm(groups, before, eps)
        self.conv_out = nn.Conv2d(before, c["out_channels"], 3, padding=1)

    def forward(self, sample, timestep, encoder_hidden_states):
        angles = timestep[:, None] * self.frequencies[None]
        time = self.time_embedding(torch.cat([angles.cos(), angles.sin()], -1))
        x = self.conv_in(sample)
        skips = [x]
        for block in self.down_blocks:
            for i in range(len(block.resnets)):
                x = block.layer(i, x, time, encoder_hidden_states)
                skips.append(x)
            if hasattr(block, "downsamplers"):
                x = block.downsamplers[0](x)
                skips.append(x)
        x = self.mid_block(x, time, encoder_hidden_states)
        for block in self.up_blocks:
            for i in range(len(block.resnets)):
                x = block.layer(i, torch.cat([x, skips.pop()], 1), time, encoder_hidden_states)
            if hasattr(block, "upsamplers"):
                x = block.upsamplers[0](x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))


def read_safetensors(path):
    kinds = {"F32": np.float32, "F16": np.float16}
    data = np.memmap(path, np.uint8, "r")
    start = 8 + int.from_bytes(data[:8].tobytes(), "little")
    for name, entry in json.loads(data[8:start].tobytes()).items():
        if name != "__metadata__":
            first, last = (start + o for o in entry["data_offsets"])
            values = data[first:last].view(kinds[entry["dtype"]]).reshape(entry["shape"])
            yield name, torch.from_numpy(values.astype(np.float32))


def load(unet, tensors):
    """Loads weights. What a sequence of one token leaves out of a checkpoint (queries and keys) keeps its initialization."""
    missing, unexpected = unet.load_state_dict(dict(tensors), strict=False)
    unused = ("attn2.to_q.weight", "attn2.to_k.weight", "norm2.weight", "norm2.bias")
    if unexpected or any(not name.endswith(unused) for name in missing):
        raise KeyError(f"these weights are of another network: {[*unexpected, *missing][:4]}")


def to_float16(graph):
    """Converts all float32 values of a graph to float16, but for the scales of Resize, which ONNX wants in float32."""
    scales = {node.input[2] for node in graph.node if node.op_type == "Resize" and len(node.input) > 2}

    def convert(tensor):
        if tensor.data_type == TensorProto.FLOAT:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name))

    for tensor in graph.initializer:
        if tensor.name not in scales:
            convert(tensor)
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.name == "value" and node.output[0] not in scales:
                convert(attribute.t)
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.FLOAT16
    for value in [*graph.input, *graph.output, *graph.value_info]:
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            value.type.tensor_type.elem_type = TensorProto.FLOAT16


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("checkpoint")
    arguments.add_argument("out")
    arguments.add_argument("--side", type=int, default=16, help="side of the latents: pixels / 8 (default 16)")
    arguments.add_argument("--float32", action="store_true", help="for a backend without float16")
    a = arguments.parse_args()
    config = json.load(open(f"{a.checkpoint}/unet/config.json"))
    unet = Unet(config).eval().requires_grad_(False)
    load(unet, read_safetensors(f"{a.checkpoint}/unet/diffusion_pytorch_model.safetensors"))
    sample = torch.randn(2, config["in_channels"], a.side, a.side)
    example = sample, torch.tensor([500.0]), torch.randn(2, 1, config["cross_attention_dim"])
    names = ["sample", "timestep", "encoder_hidden_states"]
    with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(a.out))) as folder:
        # Above 2 GB PyTorch writes each weight to a file of its own.
        traced = os.path.join(folder, "unet.onnx")
        options = dict(input_names=names, output_names=["out_sample"], opset_version=17)
        # The exporter that traces was the default before PyTorch 2.9.
        if "dynamo" in inspect.signature(torch.onnx.export).parameters:
            options["dynamo"] = False
        torch.onnx.export(unet, example, traced, **options)
        model = onnx.load(traced)
    if not a.float32:
        to_float16(model.graph)
    data = os.path.basename(a.out) + ".data"
    if os.path.exists(f"{a.out}.data"):
        os.remove(f"{a.out}.data")
    onnx.save_model(model, a.out, save_as_external_data=True, location=data, size_threshold=1024)


if __name__ == "__main__":
    main()
