"""The ONNX file makes the same pictures as the model it came from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.cli import main
from studio.export.onnx import pack_onnx
from studio.model import Model

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


@pytest.fixture(scope="module")
def session(
    tiny_checkpoint: Path,
) -> onnxruntime.InferenceSession:
    packed = pack_onnx(Model.open(str(tiny_checkpoint)))
    return onnxruntime.InferenceSession(packed, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("n", [1, 3])
def test_it_makes_the_same_pictures(
    session: onnxruntime.InferenceSession, tiny_checkpoint: Path, n: int
) -> None:
    model = Model.open(str(tiny_checkpoint))
    w = model.truncated(model.map_seeds(range(n)), 0.8)
    pixels = session.run(None, {"w": w})[0]
    assert pixels.shape == (n, 3, 32, 32)
    made = np.moveaxis(pixels * 255, 1, 3)
    assert np.abs(made - model.render_styles(w)).max() <= 1


def test_the_command_writes_it(tiny_checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "model.onnx"
    assert main(["onnx", "tiny", "-o", str(path)]) == 0
    assert onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
