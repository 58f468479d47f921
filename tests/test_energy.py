"""What a training takes: told with how it is known, and kept through a kill."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from trainers import tiny_run

from studio.checkpoint import read_card
from studio.cli import main
from studio.training import advice, energy
from studio.training.energy import WATTS_A_CORE, CpuTime, Nvidia, Rapl, find_meter
from studio.training.phase import Phase
from studio.training.run import Run
from studio.training.session import Session

Patch = pytest.MonkeyPatch


def zone(folder: Path, name: str, micro: int) -> Path:
    path = folder / name
    path.mkdir(parents=True, exist_ok=True)
    (path / "energy_uj").write_text(f"{micro}\n")
    (path / "max_energy_range_uj").write_text("10000000\n")
    return path


def test_counters_of_all_packages_add_up_and_go_round(tmp_path: Path) -> None:
    first, second = (zone(tmp_path, f"intel-rapl:{i}", 9_000_000) for i in (0, 1))
    zone(tmp_path, "intel-rapl:0:0", 5)  # a part of the first: it would count twice
    meter = Rapl(tmp_path)
    assert meter.joules() == 0
    zone(tmp_path, first.name, 9_500_000)
    assert meter.joules() == pytest.approx(0.5)
    zone(tmp_path, second.name, 1_000_000)
    assert meter.joules() == pytest.approx(0.5 + 2)


def test_counters_that_are_not_there_are_not_used(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        Rapl(tmp_path)


def test_without_a_meter_busy_cores_are_counted_at_the_stated_rate() -> None:
    meter = CpuTime()
    before = time.process_time()
    while time.process_time() < before + 0.1:
        sum(range(1000))
    assert 0.5 < meter.joules() / (0.1 * WATTS_A_CORE) < 5


def program(folder: Path, text: str, patch: Patch) -> None:
    """Put a program named nvidia-smi before all others."""
    path = folder / "nvidia-smi"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    patch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_a_graphics_card_is_asked_what_it_draws(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    program(tmp_path, "echo 120.5; echo 200", monkeypatch)
    start = time.monotonic()
    meter = find_meter("cuda")
    assert isinstance(meter, Nvidia)
    meter._last -= 2  # two seconds ago
    joules, passed = meter.joules(), 2 + time.monotonic() - start
    assert 2 * 120 < joules < 121 * passed
    meter._last -= energy.GPU_EVERY
    assert meter.joules() > 7 * 120


@pytest.mark.parametrize("text", ["exit 9", "echo '[N/A]'"])
def test_a_graphics_card_that_does_not_say_has_no_estimate(
    tmp_path: Path, monkeypatch: Patch, text: str
) -> None:
    program(tmp_path, text, monkeypatch)
    assert find_meter("cuda") is None


def test_a_run_tells_its_memory_and_energy_to_the_end(
    tiny_folder: Path, monkeypatch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(energy, "POWERCAP", Path("/nowhere"))
    monkeypatch.setenv("STUDIO_LANGUAGE", "en")
    run = tiny_run(tiny_folder, "one")
    assert Session(run, steps=7).train() == "interrupted"
    before = run.status()
    assert before["memory_mb"] > 50 and before["gpu_memory_mb"] is None
    assert before["energy_wh"] > 0
    assert Session(run).train() == "done"
    status = run.status()
    assert status["energy_wh"] > before["energy_wh"]
    told = read_card(run.folder / "checkpoint")["training"]
    assert told["energy_wh"] == status["energy_wh"]
    assert told["energy_source"] == status["energy_source"]
    capsys.readouterr()
    assert main(["status", "one"]) == 0
    assert "Wh" in capsys.readouterr().out


def test_rows_of_metrics_tell_the_memory(tiny_folder: Path, monkeypatch: Patch) -> None:
    monkeypatch.setattr("studio.training.session.REPORT_SECONDS", 0.0)
    run = tiny_run(tiny_folder, "one")
    Session(run, steps=3).train()
    assert all(row["memory_mb"] > 50 for row in run.metrics())
    assert run.metrics()


def test_a_stopped_run_tells_its_energy_too(tiny_folder: Path) -> None:
    run = tiny_run(tiny_folder, "one", kimg=900.0, snapshot_kimg=900.0)

    class Stopping(Session):
        def _progress(self, phase: Phase) -> float:
            if phase.name == "autoencoder":
                return 1.0
            if phase.steps == 2:
                Run(self.run.folder).request("stop")
            return super()._progress(phase)

    assert Stopping(run).train() == "stopped"
    assert read_card(run.folder / "checkpoint")["training"]["energy_wh"] > 0


def test_a_forecast_has_the_energy_where_the_trial_could_tell() -> None:
    pace = {"generator": 10.0, "watts": 30.0, "energy_source": "rapl"}
    dials = advice.forecast(pace)
    assert dials["quick"]["energy_wh"] == 30 * dials["quick"]["minutes"] / 60
    assert advice.forecast({"generator": 10.0})["good"]["energy_wh"] is None
