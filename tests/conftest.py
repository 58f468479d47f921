"""Fixtures: real networks, tiny ones, made once a session."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from servers import Server, recipe_of, serving

from studio.checkpoint import read_card
from studio.latent.directions import discover
from studio.model import Model, card_networks
from studio.networks.autoencoder import Autoencoder, AutoencoderConfig
from studio.networks.generator import Generator, GeneratorConfig
from studio.server.worker import RenderWorker

SIDE = 32  # pixels
KINDS = [{"name": "pear", "share": 0.5}, {"name": "plum", "share": 0.3}]

# Networks this small only lose time when threads share them.
torch.set_num_threads(1)


def tiny_networks(seed: int = 0) -> tuple[Autoencoder, Generator]:
    """Make untrained networks for 32-px pictures, lively enough to tell seeds apart."""
    torch.manual_seed(seed)
    code = AutoencoderConfig(4, (8, 16, 16), (1,) * 3, (32, 16, 16), (1,) * 3)
    shape = GeneratorConfig(
        latent_channels=4, latent_size=(4, 4), z_dim=16, w_dim=16, widths=(32,)
    )
    return Autoencoder(code), Generator(shape)


def write_tiny_checkpoint(folder: Path, seed: int = 0) -> Path:
    """Write a whole checkpoint of untrained tiny networks, directions included."""
    autoencoder, generator = tiny_networks(seed)
    card = {
        "title": folder.name.title(),
        "family": "gan",
        "resolution": [SIDE, SIDE],
        "layers": generator.config.layers,
        "w_dim": generator.config.w_dim,
        "latent_channels": 4,
        "default_variety": 0.8,
        "networks": card_networks(autoencoder=autoencoder, generator=generator),
        "directions": [],
        "data": {"images": 12, "rights": "made for a test"},
        "training": {"images_seen": 0},
    }
    networks = {"autoencoder": autoencoder, "generator": generator}
    weights = {
        stem: {key: value.numpy() for key, value in network.state_dict().items()}
        for stem, network in networks.items()
    }
    model = Model.assemble(folder.name, card, weights)
    model.write(folder, discover(model, count=8, samples=256, probes=4))
    return folder


def write_fruit_checkpoint(folder: Path) -> Path:
    """Write an untrained tiny model that can be asked for pears and plums."""
    write_tiny_checkpoint(folder)
    autoencoder, bare = tiny_networks()
    generator = Generator(replace(bare.config, kinds=len(KINDS)))
    generator.load_state_dict(bare.state_dict(), strict=False)
    networks = {"autoencoder": autoencoder, "generator": generator}
    weights = {
        stem: {key: value.numpy() for key, value in network.state_dict().items()}
        for stem, network in networks.items()
    }
    card = read_card(folder)
    card |= {"title": "Fruit", "kinds": KINDS, "networks": card_networks(**networks)}
    model = Model.assemble(folder.name, {**card, "directions": []}, weights)
    model.write(folder, discover(model, count=8, samples=256, probes=4))
    return folder


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny checkpoint named `tiny`, alone in its parent.

    Read it, copy it, never change it: it is shared by the whole session.
    """
    return write_tiny_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny")


@pytest.fixture(scope="session")
def tiny_reader(tiny_checkpoint: Path) -> Path:
    """What reads pictures in the tiny model, kept beside it as a first picture does."""
    from studio.latent.reading import FILE, finish, learning

    finish(learning(Model.open(str(tiny_checkpoint)), 256, 48))
    return tiny_checkpoint / FILE


@pytest.fixture(scope="session")
def _shelves(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Names of folders for runs: counted here, where pytest would list them all."""
    folder = tmp_path_factory.mktemp("runs")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def _own_folders(
    _shelves: Iterator[Path], tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let every test see the tiny checkpoint alone, and runs of its own."""
    monkeypatch.setenv("STUDIO_CHECKPOINTS", str(tiny_checkpoint.parent))
    runs = next(_shelves)
    runs.mkdir()
    monkeypatch.setenv("STUDIO_RUNS", str(runs))


@pytest.fixture
def shelf(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A folder of checkpoints of this test's own, with a good and a bad-to-be one."""
    folder = tmp_path / "checkpoints"
    for name in ("good", "bad"):
        shutil.copytree(tiny_checkpoint, folder / name)
    monkeypatch.setenv("STUDIO_CHECKPOINTS", str(folder))
    return folder


@pytest.fixture
def worker(tiny_checkpoint: Path) -> Iterator[RenderWorker]:
    """A render worker of this test's own."""
    worker = RenderWorker()
    yield worker
    worker.close()


@pytest.fixture
def tiny_model(tiny_checkpoint: Path) -> Iterator[Model]:
    """The tiny checkpoint, opened."""
    yield Model.open("tiny")


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 12 small pictures: coloured gradients with a disc."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:48, 0:48] / 48
    for i in range(12):
        top, bottom, disc = rng.integers(0, 256, (3, 3))
        picture = top * (1 - y[..., None]) + bottom * y[..., None]
        cx, cy = rng.uniform(0.3, 0.7, 2)
        inside = (x - cx) ** 2 + (y - cy) ** 2 < 0.03
        picture[inside] = disc
        Image.fromarray(picture.astype(np.uint8)).save(folder / f"{i:02d}.png")
    return folder


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A studio of its own for the tests of one file."""
    with serving() as server:
        yield server


@pytest.fixture
def recipe(server: Server, tiny_checkpoint: Path) -> dict[str, Any]:
    """The recipe of seed 7, as that server knows the tiny model."""
    return recipe_of(server, tiny_checkpoint.name)
