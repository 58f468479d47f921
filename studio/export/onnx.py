"""A model as one ONNX file, for programs that have no torch."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from io import BytesIO

import torch
from torch import Tensor, nn

from studio.errors import InputError
from studio.model import Model
from studio.networks.autoencoder import Autoencoder
from studio.networks.generator import Generator

OPSET = 17  # of 2022: older runtimes and browsers read it


class _Rendering(nn.Module):
    """w [N, layers, w_dim] to pixels [N,3,H,W] in 0..1."""

    def __init__(self, generator: Generator, autoencoder: Autoencoder) -> None:
        super().__init__()
        self.generator, self.autoencoder = generator, autoencoder

    def forward(self, w: Tensor) -> Tensor:
        pixels = self.autoencoder.decode(self.generator.synthesise(w))
        return ((pixels + 1) / 2).clamp(0, 1)


def pack_onnx(model: Model) -> bytes:
    """Give w -> pixels of a model as an ONNX file, batch size free.

    Input `w`: float32 [N, layers, w_dim], as `Model.style` gives it. Output `pixels`:
    float32 [N, 3, H, W] in 0..1. Mapping and variety stay outside: a program that has
    a recipe's w needs neither. Raises InputError without the package `onnx`.
    """
    if find_spec("onnx") is None:
        raise InputError("onnx_missing")
    rendering = _Rendering(model.generator, model.autoencoder)
    example = torch.zeros(1, model.layers, model.w_dim)
    buffer = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the older exporter needs no other package
        torch.onnx.export(
            rendering,
            (example,),
            buffer,  # type: ignore[arg-type]  # takes files too, unlike its hint
            dynamo=False,
            input_names=["w"],
            output_names=["pixels"],
            dynamic_axes={"w": {0: "n"}, "pixels": {0: "n"}},
            opset_version=OPSET,
        )
    return buffer.getvalue()
