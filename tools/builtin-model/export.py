"""Exports the model for shipping: `python3 export.py DATA RUNS OUT`.

The VAE and the UNet are float16 safetensors with diffusers' names, the CLIP towers ONNX with float16 weights; the tokenizer
and the manifest are written too. The page needs only the VAE's decoder; the encoder is written to a separate file, for
measurements and further training.
"""

import argparse
import json
import os

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper

from bank import Bank, load
from clip import learn_words
from data import Worlds
from nets import CLIP_SIDE, UNET_CONFIG, VAE_CONFIG, ImageTower, TextTower, Unet, Vae
from unet import BETAS
from words import MAX_TOKENS


HERE = os.path.dirname(os.path.abspath(__file__))
CLIP_WEIGHTS = f"{HERE}/weights/clip.safetensors"


def write_json(path, value):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_safetensors(path, tensors):
    """Writes float16 safetensors: length, JSON header padded to 8 bytes, then the data, all little-endian."""
    header, blobs, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name in sorted(tensors):
        value = tensors[name].detach().cpu().contiguous().half().numpy()
        header[name] = {"dtype": "F16", "shape": list(value.shape), "data_offsets": [offset, offset + value.nbytes]}
        blobs.append(value.tobytes())
        offset += value.nbytes
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(len(head).to_bytes(8, "little") + head + b"".join(blobs))


def read_safetensors(path):
    """Reads a file of `write_safetensors` as float32 tensors."""
    data = open(path, "rb").read()
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__":
            first, last = (start + o for o in entry["data_offsets"])
            tensors[name] = torch.from_numpy(np.frombuffer(data[first:last], np.float16).astype(np.float32).reshape(entry["shape"]))
    return tensors


def write_onnx(path, module, example, name_in, name_out, axes):
    """Exports ONNX with float16 weights that the graph casts to float32: half the download, same results everywhere."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    torch.onnx.export(
        module, example, path, input_names=[name_in], output_names=[name_out], opset_version=17, dynamic_axes={name_in: axes, name_out: {0: axes[0]}}
    )
    model = onnx.load(path)
    casts, kept = [], []
    for tensor in model.graph.initializer:
        value = numpy_helper.to_array(tensor)
        if value.dtype == np.float32 and value.size >= 64:
            half = numpy_helper.from_array(value.astype(np.float16), tensor.name + "_half")
            casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
            kept.append(half)
        else:
            kept.append(tensor)
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, path)


@torch.no_grad()
def preview_factors(vae, bank):
    """Linear map of latents to RGB, for previews: red, green and blue per channel, then a bias, fitted by least squares."""
    rng = np.random.default_rng(5)
    z = torch.from_numpy(bank.latents[rng.choice(len(bank.latents), 256, replace=False)].astype(np.float32))
    y = torch.cat([F.adaptive_avg_pool2d(vae.decode(part), z.shape[2:]) for part in z.split(8)])
    a = (z * bank.factor).permute(0, 2, 3, 1).reshape(-1, z.shape[1]).numpy()
    a = np.concatenate([a, np.ones((len(a), 1), np.float32)], 1)
    solution = np.linalg.lstsq(a, y.permute(0, 2, 3, 1).reshape(-1, 3).numpy(), rcond=None)[0]
    return [round(float(v), 4) for v in solution.reshape(-1)]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("data")
    arguments.add_argument("runs")
    arguments.add_argument("out")
    arguments.add_argument("--for-training", action="store_true", help="also write weights/clip.safetensors, for adopt.py")
    a = arguments.parse_args()
    words = learn_words(Worlds(a.data), f"{a.runs}/words.json")
    vae, unet, image, text = Vae(), Unet(), ImageTower(), TextTower(len(words.ids), words.start)
    load(a.runs, "vae", {"vae": vae})
    load(a.runs, "clip", {"image": image, "text": text})
    load(a.runs, "unet", {"unet": unet})
    for module in (vae, unet, image, text):
        module.float().cpu()
    bank = Bank(a.runs)

    tensors = vae.state_dict()
    of_encoder = ("encoder.", "quant_conv.")
    write_safetensors(f"{a.out}/vae/diffusion_pytorch_model.safetensors", {k: v for k, v in tensors.items() if not k.startswith(of_encoder)})
    write_safetensors(f"{a.out}/vae/encoder.safetensors", {k: v for k, v in tensors.items() if k.startswith(of_encoder)})
    write_json(f"{a.out}/vae/config.json", {**VAE_CONFIG, "scaling_factor": round(bank.factor, 5)})
    write_safetensors(f"{a.out}/unet/diffusion_pytorch_model.safetensors", unet.state_dict())
    write_json(f"{a.out}/unet/config.json", UNET_CONFIG)
    write_json(
        f"{a.out}/scheduler/scheduler_config.json",
        {
            "_class_name": "DPMSolverMultistepScheduler",
            "beta_start": BETAS[0],
            "beta_end": BETAS[1],
            "beta_schedule": "scaled_linear",
            "num_train_timesteps": 1000,
            "prediction_type": "v_prediction",
        },
    )
    pixels = torch.zeros(1, 3, CLIP_SIDE, CLIP_SIDE)
    write_onnx(f"{a.out}/image_encoder/model.onnx", image, pixels, "pixel_values", "image_embeds", {0: "pictures"})
    ids = torch.tensor(words.encode(["sunset over the sea", "noise"]))
    write_onnx(f"{a.out}/text_encoder/model.onnx", text, ids, "input_ids", "text_embeds", {0: "prompts", 1: "tokens"})
    # Saved for further training: the exported tower has batch norm folded in and lacks the heads.
    if a.for_training:
        towers = torch.load(f"{a.runs}/clip.pt", map_location="cpu")["average"]
        write_safetensors(CLIP_WEIGHTS, {k: v for k, v in towers.items() if v.dtype.is_floating_point})
    tokenizer, config = words.files()
    write_json(f"{a.out}/tokenizer/tokenizer.json", tokenizer)
    write_json(f"{a.out}/tokenizer/tokenizer_config.json", config)
    manifest = json.load(open(f"{HERE}/manifest.json"))
    manifest["imageEncoder"]["size"], manifest["textEncoder"]["maxTokens"] = CLIP_SIDE, MAX_TOKENS
    write_json(f"{a.out}/model.json", {**manifest, "previewFactors": preview_factors(vae, bank)})
    for folder, _, files in os.walk(a.out):
        for name in sorted(files):
            path = os.path.join(folder, name)
            print(f"{os.path.getsize(path):>10,} {os.path.relpath(path, a.out)}")


if __name__ == "__main__":
    main()
