"""Makes the example pictures of the first visit: `python3 examples.py OUT`, run in this folder after `npm install`."""

import os
import sys

import numpy as np
from PIL import Image

FOLDER = "node_modules/@lobehub/fluent-emoji-3d/assets"
# What is drawn, on which background: its colour above and below.
EXAMPLES = {
    "fox": ("1f98a", (255, 241, 224), (250, 205, 160)),
    "strawberry": ("1f353", (236, 250, 236), (190, 232, 200)),
    "sailboat": ("26f5", (232, 246, 255), (160, 212, 242)),
    "cactus": ("1f335", (255, 246, 214), (250, 216, 150)),
}
SIDE = 256


def main():
    out = sys.argv[1]
    for name, (code, above, below) in EXAMPLES.items():
        picture = Image.open(os.path.join(FOLDER, f"{code}.webp")).convert("RGBA").resize((224, 224), Image.LANCZOS)
        t = np.linspace(0, 1, SIDE)[:, None, None]
        ground = (np.array(above) * (1 - t) + np.array(below) * t).repeat(SIDE, 1)
        page = Image.fromarray(ground.round().astype(np.uint8)).convert("RGBA")
        page.alpha_composite(picture, (16, 16))
        page.convert("RGB").save(os.path.join(out, f"{name}.webp"), "WEBP", quality=92, method=6)


if __name__ == "__main__":
    main()
