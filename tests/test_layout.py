"""z names where what lies in a sample, and drawing z draws layouts as there are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.networks.generator import Generator, GeneratorConfig, Sketch
from studio.training.base import make_settings
from studio.training.generator import make_networks
from studio.training.inheritance import load_base
from studio.training.kinds import sort_kinds
from studio.training.layout import Layouts, measure_layouts
from studio.training.settings import TrainSettings

SHAPE = GeneratorConfig(2, (6, 4), 16, 12, 2, (8,), plan=True, layout=6)


def latents(count: int, seed: int = 0, size: tuple[int, int] = (6, 4)) -> Tensor:
    """Latents that vary in broad strokes much more than in fine ones."""
    chance = torch.Generator().manual_seed(seed)
    broad = torch.randn(count, 2, 2, 2, generator=chance)
    fine = 0.2 * torch.randn(count, 2, *size, generator=chance)
    return F.interpolate(broad, size=size) + fine


@pytest.fixture
def sketch() -> Sketch:
    torch.manual_seed(0)
    sketch = Sketch(SHAPE)
    measure_layouts(sketch, latents(400).half())
    return sketch


@pytest.fixture
def layouts() -> Layouts:
    torch.manual_seed(0)
    return Layouts(Generator(SHAPE), latents(400), None)


def test_layouts_of_pictures_vary_as_z_does(sketch: Sketch) -> None:
    layouts = sketch.read(latents(400))
    assert layouts.shape == (400, 6)
    assert layouts.mean(0).abs().max() < 0.01
    assert (layouts.T @ layouts / 400 - torch.eye(6)).abs().max() < 0.01


def test_what_is_sketched_is_read_again(sketch: Sketch) -> None:
    numbers = torch.randn(5, 12)
    torch.testing.assert_close(
        sketch.read(sketch(numbers)), numbers[:, :6], atol=1e-4, rtol=1e-4
    )


def test_fine_detail_does_not_change_a_layout() -> None:
    torch.manual_seed(0)
    large = latents(40, size=(14, 14))
    sketch = Sketch(GeneratorConfig(2, (14, 14), 16, 12, 2, (8,), layout=4))
    measure_layouts(sketch, large)
    speckled = large.clone()
    speckled[:, :, ::2] += 0.5
    speckled[:, :, 1::2] -= 0.5
    assert (sketch.read(large) - sketch.read(speckled)).abs().max() < 0.01


def test_w_begins_with_the_layout_of_z(layouts: Layouts) -> None:
    z = torch.randn(3, 16)
    w = layouts.generator.mapping(z)
    scale = z.square().mean(dim=1, keepdim=True).rsqrt()
    torch.testing.assert_close(w[:, :6], (z * scale)[:, :6], atol=1e-4, rtol=1e-4)


def test_samples_obey_before_they_learn(layouts: Layouts) -> None:
    z = torch.randn(200, 16, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert layouts.stray(layouts.generator(z), z, None) < 1e-6


def test_coarse_layouts_of_finer_latents_are_obeyed_nearly() -> None:
    torch.manual_seed(0)
    shape = replace(SHAPE, latent_size=(14, 10))
    layouts = Layouts(Generator(shape), latents(400, size=(14, 10)), None)
    z = torch.randn(200, 16)
    with torch.no_grad():
        assert layouts.stray(layouts.generator(z), z, None) < 0.3


def test_samples_of_a_kind_learn_to_obey_beside_what_is_usual_for_it() -> None:
    torch.manual_seed(0)
    kinds = sort_kinds(["bright"] * 200 + ["dark"] * 200)
    assert kinds is not None
    layouts = Layouts(Generator(replace(SHAPE, kinds=2)), latents(400), kinds)
    marks = kinds.mark(torch.arange(168, 232))
    generator = layouts.generator
    descent = torch.optim.Adam(generator.parameters(), lr=0.01)
    z = torch.randn(64, 16, generator=torch.Generator().manual_seed(1))
    for _ in range(40):
        descent.zero_grad()
        layouts.stray(generator(z, marks), z, marks).backward()
        descent.step()
    assert layouts.stray(generator(z, marks), z, marks) < 0.1


def test_most_samples_borrow_the_layout_of_a_picture(layouts: Layouts) -> None:
    z, real = torch.randn(8, 16), latents(8, seed=5)
    borrowed = layouts.borrow(z, real, None)
    torch.testing.assert_close(borrowed[:6, :6], layouts.read(real, None)[:6])
    assert torch.equal(borrowed[6:], z[6:]) and torch.equal(borrowed[:, 6:], z[:, 6:])


def test_the_sketch_is_measured_once_and_never_learnt(layouts: Layouts) -> None:
    generator = layouts.generator
    names = [name for name, _ in generator.named_parameters()]
    assert not {"sketch.parts", "sketch.mean"} & set(names)
    assert {"sketch.parts", "sketch.mean"} <= set(generator.state_dict())
    before = generator.sketch.parts.clone()
    Layouts(generator, latents(100, seed=9), None)  # other pictures, the same words
    assert torch.equal(generator.sketch.parts, before)


def test_z_names_what_differs_within_a_kind_and_not_the_kind() -> None:
    kinds = sort_kinds(["bright"] * 24 + ["dark"] * 24 + [None] * 4)
    assert kinds is not None
    shift = torch.tensor([4.0, -4.0, 0.0])[kinds.of][:, None, None, None]
    real = latents(52) + shift
    marks = kinds.mark(torch.arange(52))
    layouts = Layouts(Generator(replace(SHAPE, kinds=2)), real, kinds)
    assert layouts.usual is not None
    own = layouts.read(real, marks)
    others = marks[:, [1, 0]]  # dark in place of bright; none stays none
    turned = torch.tensordot(others - marks, layouts.usual[:2], dims=1)
    torch.testing.assert_close(
        layouts.read(real + turned, others), own, atol=1e-3, rtol=1e-3
    )
    assert own[:24].mean(0).abs().max() < 0.1 and own[24:48].mean(0).abs().max() < 0.1


def test_it_reads_the_same_from_the_same_pictures() -> None:
    one, other = Sketch(SHAPE), Sketch(SHAPE)
    measure_layouts(one, latents(50))
    measure_layouts(other, latents(50).flip(0))
    torch.testing.assert_close(one.parts, other.parts, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(
    ("given", "numbers"),
    [
        ({}, 48),
        ({"z_dim": 20}, 10),
        ({"w_dim": 32}, 16),
        ({"latent_channels": 1, "resolution": (64, 32)}, 8),
        ({"layout": False}, 0),
        ({"family": "vae"}, 0),
    ],
)
def test_a_layout_gets_no_more_numbers_than_there_are(
    given: dict[str, object], numbers: int
) -> None:
    settings = TrainSettings("f", "n", **given)  # type: ignore[arg-type]
    assert settings.layout_numbers == numbers


def test_a_model_without_layouts_gets_room_for_them_and_paints_as_before(
    tiny_checkpoint: Path,
) -> None:
    given = {"folder": "f", "name": "n", "base": str(tiny_checkpoint)}
    bare = make_settings({**given, "layout": False})
    settings = make_settings(given)
    assert (bare.w_dim, bare.layout_numbers) == (16, 0)
    assert (settings.w_dim, settings.layout_numbers) == (24, 8)
    old, new = make_networks(bare)[0], make_networks(settings)[0]
    for network in (old, new):
        load_base(settings.base, {"generator": network})
    z = torch.randn(5, 16)
    with torch.no_grad():
        torch.testing.assert_close(new(z), old(z))  # there is no layout yet
        layouts = Layouts(new, torch.randn(60, 4, 4, 4), None)
        assert layouts.stray(new(z), z, None) < 1e-6
