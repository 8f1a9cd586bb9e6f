"""Group norm with SiLU, softmax and GEGLU of bfloat16 tensors on the processor, by `kernels.c`."""

import ctypes
import os
import platform
import subprocess
import tempfile

import torch


def _load():
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


_library = None if torch.cuda.is_available() else _load()


def _pointers(*tensors):
    return [ctypes.c_void_p(t.data_ptr()) for t in tensors]


class NormSilu(torch.autograd.Function):
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


class Softmax(torch.autograd.Function):
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


class Geglu(torch.autograd.Function):
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


def supports(x):
    """Whether `kernels.c` supports a tensor."""
    return _library is not None and x.dtype == torch.bfloat16 and not x.is_cuda
