"""The towers of the built-in model's CLIP: image and text encoder."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from .layers import LayerNorm


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
