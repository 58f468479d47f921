"""Two trainers of one run, as `torchrun` starts them, learn the same weights."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from servers import free_port
from trainers import tiny_run

from studio.model import Model
from studio.paths import ROOT
from studio.training import distributed
from studio.training.run import Run

# What each process does; they part after the imports, which are paid once. Before the
# run they average a gradient whose mean is known: (r, 2 r) for process r, and none for
# a parameter that took no part.
PROGRAM = """
import os, sys
import torch
from safetensors.torch import save_file
from studio.training import distributed
from studio.training.run import Run
from studio.training.session import Session
from studio.training.state import pack

torch.set_num_threads(1)
child = os.fork()
os.environ["RANK"] = "0" if child else "1"
distributed.join()
rank = distributed.rank()
used, unused = torch.zeros(2, requires_grad=True), torch.zeros(3, requires_grad=True)
used.grad = torch.tensor([1.0, 2.0]) * rank
distributed.average_gradients([used, unused])
assert unused.grad is None
agreed = distributed.agree([7.0 + rank])
session = Session(Run.open("pair"))
session.train()
distributed.leave()
tensors = pack(session.album.phase.parts())
tensors |= {"gradient": used.grad, "agreed": torch.tensor(agreed)}
save_file({k: v.clone() for k, v in tensors.items()}, f"{sys.argv[1]}/{rank}")
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.fixture(scope="module")
def runs(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with one that two processes trained, and what each held."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_RUNS", str(folder))
        tiny_run(tiny_folder, "pair", patch_start=0.5)
        patch.setenv("MASTER_ADDR", "127.0.0.1")
        patch.setenv("MASTER_PORT", str(free_port()))
        patch.setenv("WORLD_SIZE", "2")
        command = [sys.executable, "-c", PROGRAM, str(folder)]
        subprocess.run(command, cwd=ROOT, env=dict(os.environ), check=True, timeout=600)
    return folder


@pytest.fixture
def pair(runs: Path) -> list[dict[str, torch.Tensor]]:
    """What each of the two processes held at the end."""
    return [load_file(runs / rank) for rank in "01"]


def test_two_trainers_end_with_equal_weights(
    pair: list[dict[str, torch.Tensor]],
) -> None:
    one, two = pair
    weights = [k for k in one if k.startswith(("model/", "judge/", "average/"))]
    different = [k for k in weights if not torch.equal(one[k], two[k])]
    # the running mean of w is of each process's own samples, and no weight
    assert len(weights) > 10 and {k.split("/")[1] for k in different} <= {"w_mean"}


def test_gradients_become_their_mean(pair: list[dict[str, torch.Tensor]]) -> None:
    for held in pair:
        assert held["gradient"].tolist() == [0.5, 1.0]


def test_the_first_process_decides_for_all(
    pair: list[dict[str, torch.Tensor]],
) -> None:
    assert [held["agreed"].item() for held in pair] == [7.0, 7.0]


def test_two_trainers_leave_one_model_and_count_both_their_images(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_RUNS", str(runs))
    model = Model.open("pair")
    assert model.render([model.recipe(1)]).any()
    run = Run.open("pair")
    # 4 + 4 images a step, 16 in the first phase and 48 in the second
    assert run.status()["phase"] == "done"
    assert run.status()["images_seen"] == 16 + 48
    seen = [row["images_seen"] for row in run.metrics()]
    assert seen == [16, 16 + 24, 16 + 40, 16 + 48]


def test_alone_nothing_is_averaged_or_asked() -> None:
    parameter = torch.zeros(2, requires_grad=True)
    parameter.grad = torch.tensor([1.0, 2.0])
    distributed.average_gradients([parameter])
    assert parameter.grad.tolist() == [1.0, 2.0]
    assert distributed.agree([3.0]) == [3.0]
    assert (distributed.rank(), distributed.world()) == (0, 1)
    distributed.wait()
    distributed.leave()
