"""FID and KID by weights that somebody brings; here a small network stands for them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from test_report import labelled, scenes
from torch import Tensor, nn

from studio.cli import main
from studio.evaluation.inception import WIDTH, measure_inception, open_inception
from studio.evaluation.metrics import frechet_distance


class Stand(nn.Module):
    """As the real file is built: `layers` take 299 pixels and give 2048 numbers."""

    def __init__(self) -> None:
        super().__init__()
        pool = nn.AdaptiveAvgPool2d(16)
        self.layers = nn.Sequential(
            pool, nn.Flatten(), nn.Linear(768, WIDTH), nn.ReLU()
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "inception-2015-12-05.pt"
    torch.jit.trace(Stand().eval(), torch.zeros(1, 3, 299, 299)).save(str(path))
    return path


def test_the_distance_of_gaussians_is_that_of_the_formula() -> None:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(3, 3))
    x = rng.normal(size=(4000, 3))
    x = (x - x.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T
    # of commuting covariances, |a - b|^2 + sum (s - t)^2 over their roots' axes
    axes, _ = np.linalg.qr(root)
    a, b = x * [1, 2, 3] @ axes, x * [2, 2, 5] @ axes + [1, 0, 2]
    assert frechet_distance(a, b) == pytest.approx(1 + 4 + 1 + 4, rel=1e-6)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)


def test_worse_works_are_farther_and_halves_stand_beside(weights: Path) -> None:
    look = open_inception(weights)
    real, others = scenes(0, 40), scenes(1, 20)
    good = measure_inception(look, others, real)
    bad = measure_inception(look, others // 2, real)
    assert bad["fid"] > good["fid"] > 0 and bad["kid"] > good["kid"]
    assert good["compared"] == [20, 40]
    assert good["real_vs_real"]["compared"] == [20, 20]


def test_the_command_tells_fid_only_with_weights(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = labelled(tmp_path / "pictures", 16)
    judged = ["evaluate", "tiny", str(folder), "--samples", "16"]
    assert main([*judged, "--inception", str(weights), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["inception"]["fid"] > 0
    other = tmp_path / "other.pt"
    other.write_bytes(b"no network")
    for path in (other, tmp_path / "missing.pt"):
        assert main([*judged, "--inception", str(path)]) == 2
        assert "inception-2015-12-05.pt" in capsys.readouterr().err
