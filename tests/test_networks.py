"""The networks' shapes, starting points and arithmetic."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.networks.autoencoder import (
    Autoencoder,
    AutoencoderConfig,
    PatchDiscriminator,
)
from studio.networks.blocks import ResidualBlock, count_parameters, leaky
from studio.networks.discriminator import (
    Discriminator,
    DiscriminatorConfig,
    batch_deviation,
)
from studio.networks.generator import Generator, GeneratorConfig, ModulatedConv

SMALL_CODE = AutoencoderConfig(4, (8, 12, 16), (1,) * 3, (16, 12, 8), (1, 1, 0), 6)


def small_generator(size: tuple[int, int]) -> Generator:
    torch.manual_seed(0)
    return Generator(GeneratorConfig(4, size, z_dim=6, w_dim=10, widths=(12, 8)))


# -- autoencoder ------------------------------------------------------------------


@pytest.mark.parametrize("size", [(32, 32), (48, 32), (32, 64), (40, 8)])
def test_autoencoder_keeps_any_size_that_its_factor_divides(
    size: tuple[int, int],
) -> None:
    model = Autoencoder(SMALL_CODE)
    latents = model.encode(torch.zeros(2, 3, *size))
    assert latents.shape == (2, 4, size[0] // 8, size[1] // 8)
    assert model.decode(latents).shape == (2, 3, *size)


@pytest.mark.parametrize("stages", [1, 2, 3, 4])
def test_factor_is_two_for_each_width(stages: int) -> None:
    config = AutoencoderConfig(
        4, (8,) * stages, (1,) * stages, (8,) * stages, (1,) * stages, 4
    )
    assert config.factor == 2**stages
    latents = Autoencoder(config).encode(torch.zeros(1, 3, 32, 32))
    assert latents.shape[2:] == (32 // config.factor, 32 // config.factor)


def test_shipped_autoencoder_has_less_than_three_million_parameters() -> None:
    assert 500_000 < count_parameters(Autoencoder(AutoencoderConfig())) < 3_000_000


def test_standardised_latents_decode_as_the_raw_ones_do() -> None:
    torch.manual_seed(0)
    model = Autoencoder(SMALL_CODE)
    pixels = torch.rand(2, 3, 16, 16) * 2 - 1
    before = model.decode(model.encode(pixels))
    model.latent_mean.normal_()
    model.latent_std.uniform_(0.5, 2)
    torch.testing.assert_close(model.decode(model.encode(pixels)), before)


def test_log_variance_cannot_overflow() -> None:
    model = Autoencoder(SMALL_CODE)
    _, log_variance = model.posterior(torch.full((1, 3, 16, 16), 1e9))
    assert log_variance.exp().isfinite().all()


def test_decoder_head_starts_without_a_grid() -> None:
    torch.manual_seed(0)
    head = Autoencoder(SMALL_CODE).decoder.head[:3]  # up to the pixel shuffle
    # Each 2x2 block of pixels that the shuffle lays out must start alike.
    pixels = head(torch.randn(1, 8, 5, 5))
    blocks = F.pixel_unshuffle(pixels, 2).unflatten(1, (6, 4))
    assert blocks.std() > 0.1
    assert (blocks - blocks[:, :, :1]).abs().max() < 1e-5


def test_patch_discriminator_judges_eighths() -> None:
    judge = PatchDiscriminator((8, 8, 8))
    assert judge(torch.zeros(2, 3, 64, 32)).shape == (2, 1, 8, 4)


def test_residual_block_starts_as_the_identity() -> None:
    x = torch.randn(2, 8, 5, 7)
    assert torch.equal(ResidualBlock(8)(x), x)


# -- generator --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "levels", "base"),
    [
        ((4, 4), 1, (4, 4)),
        ((6, 4), 1, (6, 4)),
        ((8, 8), 2, (4, 4)),
        ((12, 8), 2, (6, 4)),
        ((16, 16), 3, (4, 4)),
        ((24, 16), 3, (6, 4)),
        ((14, 14), 3, (4, 4)),
        ((28, 28), 4, (4, 4)),
        ((20, 12), 2, (10, 6)),
        ((17, 16), 3, (5, 4)),
        ((128, 128), 6, (4, 4)),
    ],
)
def test_levels_halve_down_to_at_least_four_cells(
    size: tuple[int, int], levels: int, base: tuple[int, int]
) -> None:
    config = GeneratorConfig(latent_size=size)
    assert (config.levels, config.base, config.layers) == (levels, base, 2 * levels)


def test_last_width_repeats_for_finer_levels() -> None:
    config = GeneratorConfig(latent_size=(64, 64), widths=(9, 8, 7))
    assert [config.width(i) for i in range(config.levels)] == [9, 8, 7, 7, 7]


@pytest.mark.parametrize("size", [(4, 4), (6, 4), (12, 8), (8, 16), (14, 9)])
def test_generator_makes_latents_of_its_size(size: tuple[int, int]) -> None:
    generator = small_generator(size)
    latents = generator(torch.randn(3, 6))
    assert latents.shape == (3, 4, *size)
    assert latents.isfinite().all()


def test_with_a_plan_the_first_layer_alone_makes_another_composition() -> None:
    bare = small_generator((8, 6))
    planned = Generator(replace(bare.config, plan=True))
    planned.load_state_dict(bare.state_dict(), strict=False)
    w = bare.spread(bare.mapping(torch.randn(2, 6))).clone()
    w[:, 1:] = w[:1, 1:]  # only the layer that the plan is made from differs
    pairs = bare.synthesise(w), planned.synthesise(w)
    without, with_plan = ((one - other).std() for one, other in pairs)
    assert with_plan > 1.3 * without


def test_every_layer_of_w_changes_the_latents() -> None:
    generator = small_generator((8, 8))
    w = generator.spread(generator.mapping(torch.randn(1, 6))).clone()
    before = generator.synthesise(w)
    for layer in range(generator.config.layers):
        other = w.clone()
        other[:, layer] += 1
        assert (generator.synthesise(other) - before).abs().max() > 1e-4


def test_generator_is_a_pure_function_of_w() -> None:
    generator = small_generator((8, 8))
    w = torch.randn(2, generator.config.layers, 10)
    assert torch.equal(generator.synthesise(w), generator.synthesise(w))


def test_mapping_ignores_the_length_of_z_and_keeps_seeds_apart() -> None:
    generator = small_generator((4, 4))
    z = torch.randn(64, 6)
    w = generator.mapping(z)
    torch.testing.assert_close(generator.mapping(3 * z), w, rtol=1e-4, atol=1e-5)
    assert w.std(dim=0).mean() > 0.2


def modulated(x: Tensor, w: Tensor, conv: ModulatedConv) -> Tensor:
    """Eq. 1-3 of arXiv:1912.04958 word for word: weights of their own a sample."""
    scales = w @ conv.style.weight.T + conv.style.bias
    results = []
    for sample, scale in zip(x, scales, strict=True):
        weight = conv.weight * scale[None, :, None, None]  # Eq. 1
        length = weight.square().sum(dim=(1, 2, 3), keepdim=True)
        weight = weight / (length + 1e-8).sqrt()  # Eq. 3
        results.append(F.conv2d(sample[None], weight, conv.bias, padding=1))
    return leaky(torch.cat(results)) * math.sqrt(2)


def test_modulated_convolution_equals_weights_modulated_for_each_sample() -> None:
    torch.manual_seed(0)
    conv = ModulatedConv(7, 5, 10)
    nn.init.normal_(conv.bias)
    x, w = torch.randn(4, 7, 6, 5), torch.randn(4, 10)
    expected = modulated(x, w, conv)
    torch.testing.assert_close(conv(x, w), expected, rtol=1e-4, atol=1e-5)


# -- discriminator ----------------------------------------------------------------


@pytest.mark.parametrize("base", [(4, 4), (6, 4)])
def test_discriminator_gives_one_logit_a_sample(base: tuple[int, int]) -> None:
    judge = Discriminator(DiscriminatorConfig(4, base, (8, 8, 8)))
    logits = judge(torch.randn(6, 4, 4 * base[0], 4 * base[1]))
    assert logits.shape == (6,)


def test_groups_of_the_batch_deviation_never_mix() -> None:
    torch.manual_seed(0)
    ours, theirs = torch.randn(4, 3, 2, 2), torch.randn(4, 3, 2, 2)
    together = batch_deviation(torch.cat([ours, 9 * theirs]))
    assert torch.equal(together[:4], batch_deviation(ours))
    assert torch.equal(together[4:], batch_deviation(9 * theirs))


def test_batch_deviation_is_the_mean_deviation_inside_a_group() -> None:
    x = torch.randn(8, 3, 2, 5)
    added = batch_deviation(x)[:, 3:]
    assert added.shape == (8, 1, 2, 5)
    for group in (slice(0, 4), slice(4, 8)):
        expected = x[group].std(dim=0, unbiased=False).mean()
        torch.testing.assert_close(added[group], expected.expand(4, 1, 2, 5))


@pytest.mark.parametrize("n", [1, 3, 6])
def test_batch_deviation_takes_any_number_of_samples(n: int) -> None:
    assert batch_deviation(torch.randn(n, 3, 2, 2)).isfinite().all()


def test_discriminator_keeps_reals_and_fakes_apart() -> None:
    torch.manual_seed(0)
    judge = Discriminator(DiscriminatorConfig(4, (4, 4), (8, 8)))
    real, fake = torch.randn(4, 4, 8, 8), torch.randn(4, 4, 8, 8)
    together = judge(torch.cat([real, fake]))
    torch.testing.assert_close(together[:4], judge(real), rtol=1e-4, atol=1e-5)
