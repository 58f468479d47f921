"""A phase that diverges goes back, more carefully, and in the end gives up."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.optim import SGD
from trainers import all_state, tiny_run

from studio.errors import RunError
from studio.training.dataset import Pictures
from studio.training.phase import Phase
from studio.training.run import Run
from studio.training.session import MOST_SETBACKS, Session
from studio.training.snapshot import Album
from studio.training.state import Parts, load_state, save_state

CPU = torch.device("cpu")


class Slope(Phase):
    """Rolls down x^2 in too large steps: diverges unless the rate is below 1."""

    name = "autoencoder"

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.model = nn.Linear(1, 1, bias=False)
        nn.init.ones_(self.model.weight)
        self.optimiser = SGD([{"params": self.model.parameters(), "lr": rate}], rate)
        self.rate = rate

    def parts(self) -> Parts:
        return {"model": self.model, "optimiser": self.optimiser}

    def step(self, progress: float) -> dict[str, float]:
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * self.caution
        loss = self.model.weight.square().sum()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.steps, self.images = self.steps + 1, self.images + 1
        return {"loss": loss.item()}


def roll(run: Run, rate: float) -> Slope:
    """Live through a slope of 300 images in a session of its own."""
    session, phase = Session(run), Slope(rate)
    settings = run.settings()
    pictures = Pictures(Path(settings.folder), settings.resolution, 0.1)
    session.album = Album(run, settings, pictures, CPU)
    session._live_through(phase)
    return phase


def test_a_diverging_phase_goes_back_and_on_at_half_the_rate(
    tiny_folder: Path,
) -> None:
    run = tiny_run(tiny_folder, "slope", kimg=0.9)
    phase = roll(run, rate=3.0)
    assert phase.setbacks == 2 and phase.images == 300  # 3 and 1.5 are too much
    assert abs(phase.model.weight.item()) < 1e-3
    assert run.folder.joinpath("log.txt").read_text().count("diverged") == 2
    again = roll(run, rate=3.0)  # the state remembers how careful it must be
    assert again.setbacks == 2 and again.images == 300


def test_a_run_that_diverges_again_and_again_fails_with_one_sentence(
    tiny_folder: Path,
) -> None:
    run = tiny_run(tiny_folder, "wild", autoencoder_rate=1e30)
    with pytest.raises(RunError) as caught:
        Session(run).train()
    assert caught.value.code == "train_diverged"
    status = run.status()
    assert status["phase"] == "failed" and status["error"] == str(caught.value)
    assert status["problem"] == caught.value.as_dict()  # in any language
    log = (run.folder / "log.txt").read_text()
    assert log.count("diverged") == MOST_SETBACKS
    assert all(tensor.isfinite().all() for tensor in all_state(run).values())


def test_a_run_recovers_from_weights_that_are_no_numbers(
    tiny_folder: Path,
) -> None:
    run = tiny_run(tiny_folder, "healed")
    Session(run, steps=6).train()

    class Unlucky(Session):
        def _progress(self, phase: Phase) -> float:
            if phase.steps == 8 and not phase.setbacks:  # once, as bad luck has it
                with torch.no_grad():
                    phase.model.constant.fill_(float("nan"))  # type: ignore
            return super()._progress(phase)

    assert Unlucky(run, steps=8).train() == "interrupted"
    assert "diverged" in (run.folder / "log.txt").read_text()
    assert all(tensor.isfinite().all() for tensor in all_state(run).values())
    # 6 good steps, 1 that diverged, and 1 more from where the state was saved
    assert run.status()["images_seen"] == 4 * (4 + 2 + 1)


def test_state_of_a_run_from_before_setbacks_loads(tiny_folder: Path) -> None:
    run = tiny_run(tiny_folder, "older")
    Session(run, steps=2).train()
    path = run.folder / "state" / "autoencoder.safetensors"
    loaded = load_state(path)
    assert loaded is not None and loaded[1].pop("setbacks") == 0
    save_state(path, *loaded)
    assert Session(run, steps=1).train() == "interrupted"
    assert run.status()["images_seen"] == 3 * 4
