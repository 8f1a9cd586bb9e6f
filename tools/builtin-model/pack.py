"""Packs the drawn pictures small: `python3 pack.py DATA`."""

import sys

from data import Pictures, pack

pack(sys.argv[1])
pictures = Pictures(sys.argv[1])
print(f"{len(pictures.index)} pictures, {len(pictures.training)} concepts to learn, {len(pictures.held_out)} held out")
