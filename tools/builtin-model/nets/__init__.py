"""Networks with the tensor names and shapes of diffusers' checkpoints, which Drift compiles.

Only the parts of each architecture that the built-in model uses are implemented.
"""

from .towers import CLIP_SIDE, EMBEDDING_LENGTH, EMBEDDING_WIDTH, ImageTower, TextTower
from .unet import UNET_CONFIG, Unet
from .vae import VAE_CONFIG, Vae

__all__ = [
    "CLIP_SIDE",
    "EMBEDDING_LENGTH",
    "EMBEDDING_WIDTH",
    "UNET_CONFIG",
    "VAE_CONFIG",
    "ImageTower",
    "TextTower",
    "Unet",
    "Vae",
]
