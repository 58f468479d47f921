"""Everything a run is started with; saved as `config.json` in its folder."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from studio.errors import InputError

LAYOUT_NUMBERS = 48  # of z that name a layout, at most
MOST_RIGHTS = 500  # characters

# Numbers that may be 0 (all others must be more) and shares of a whole.
MAY_BE_ZERO = {
    "weight_decay",
    "dropout",
    "threads",
    "seed",
    "validation_share",
    "kl_weight",
    "half_size_share",
    "patch_weight",
    "perceptual_weight",
    "latent_noise",
    "patch_start",
    "generator_rate",
    "mapping_rate",
    "penalty_weight",
    "latent_weight",
    "feature_weight",
    "feature_start",
    "feature_penalty",
    "diversity_weight",
    "place_weight",
    "layout_weight",
    "resemblance_weight",
    "decoder_rate",
    "style_mixing",
    "rate_decay",
    "patience",
    "frozen",
    "decoder_blocks",
    "encoder_blocks",
}
# What a run did before there was a setting for it.
BEFORE = {"plan": False, "layout": False, "diversity_weight": 0, "place_weight": 0}
FAMILIES = ("gan", "vae")
AUTO = "auto"  # of labels: the first that there are
METRICS = ("features", "patches")
FRAMINGS = ("centre", "smart", "whole")
BASE_PARTS = ("all", "autoencoder")
STAGES = ("encoder_widths", "encoder_blocks", "decoder_widths", "decoder_blocks")
SHARES = {
    "feature_start",
    "half_size_share",
    "validation_share",
    "autoencoder_share",
    "style_mixing",
    "rate_decay",
}


@dataclass(frozen=True)
class TrainSettings:
    """One training run. Durations are images, or minutes of active time.

    `minutes` covers all phases; `kimg` counts thousands of generator images and
    gives the autoencoder a third as many crops. With `kimg` a run is a pure function
    of its settings and pictures; with `minutes` the schedule follows the clock.
    """

    folder: str
    name: str
    family: str = "gan"
    resolution: tuple[int, int] = (224, 224)  # height, width; multiples of 32
    minutes: float | None = 60.0
    kimg: float | None = None
    base: str = "scratch"  # a model whose weights the run starts from
    base_parts: str = "all"  # or "autoencoder": the rest is learnt anew
    device: str = "auto"
    threads: int = 0  # CPU threads; 0 lets torch choose
    seed: int = 0
    mirror: bool = True
    framing: str = "centre"  # of other shapes: or "smart" (most detail), or "whole"
    validation_share: float = 0.1
    excluded: tuple[str, ...] = ()  # files of the folder that a person left out
    labels: str = ""  # learnt as kinds: a column of labels.csv, "auto", or none
    rights: str = ""  # what the person says about the right to use the pictures
    # network sizes
    latent_channels: int = 16
    encoder_widths: tuple[int, ...] = (32, 64, 128, 128)
    encoder_blocks: tuple[int, ...] = (1, 1, 2, 1)
    decoder_widths: tuple[int, ...] = (160, 96, 48, 32)
    decoder_blocks: tuple[int, ...] = (2, 2, 1, 0)
    generator_widths: tuple[int, ...] = (256, 192, 160)
    discriminator_widths: tuple[int, ...] = (128, 192, 256)
    z_dim: int = 128
    w_dim: int = 192
    plan: bool = True  # w lays out the generator's coarsest level
    layout: bool = True  # and its first numbers say where what lies, from the start
    # autoencoder
    autoencoder_share: float = 0.3  # of the minutes
    autoencoder_batch: int = 8
    halved: bool = False  # both batches, since memory was short: only done once
    autoencoder_rate: float = 7e-4
    crop: int = 128  # pixels, a multiple of 32
    kl_weight: float = 1e-3
    half_size_share: float = 0.25  # of steps that rebuild half the size
    patch_weight: float = 0.8  # the judge's share of the gradient, from patch_start on
    perceptual_weight: float = 0.25  # of what a pretrained network sees, from then on
    latent_noise: float = 0.15  # most deviation added to latents, from patch_start on
    patch_start: float = 0.6
    # generator
    batch: int = 16
    rate: float = 1.5e-4
    generator_rate: float = 1.0  # times `rate`; 0 leaves it as it is: a decoder learns
    mapping_rate: float = 0.1  # times that
    judge_rate: float = 3.0  # times `rate`, or the generator outruns its judge
    penalty_weight: float = 0.1  # of R1 + R2, each
    penalty_sigma: float = 0.05  # step of the finite difference, in latent units
    penalty_every: int = 4
    weight_decay: float = 0.0  # of the judges; of all that learns in the family `vae`
    dropout: float = 0.0  # share of what the last layer of judge or encoder hears
    latent_weight: float = 1.0  # of a discriminator of latents
    frozen: int = 0  # of its first blocks, which stay as in the model it starts from
    feature_weight: float = 2.0  # of what a pretrained network sees in the pictures
    feature_start: float = 0.5  # of the phase: compositions first, then paint
    feature_judge_rate: float = 2.0  # times `rate`
    feature_penalty: float = 0.05  # of R1 + R2 on its features, each
    layout_weight: float = 1.0  # of obeying the layout that z names
    resemblance_weight: float = 2.0  # to the picture of that layout, in forms
    diversity_weight: float = 15.0  # against compositions that repeat, in the far view
    place_weight: float = 10.0  # of what lies at each place, over many samples
    decoder_rate: float = 0.0  # times `rate`; 0 leaves the decoder as it is
    style_mixing: float = 0.3  # share of samples made from two w
    ema_kimg: float = 10.0  # half-life of the weight average
    rate_decay: float = 0.35  # the last share of the run, in which rates fall
    variants: int = 4  # crops encoded beforehand for each picture
    save_seconds: float = 60.0  # the most that a kill can take back
    # rhythm, in thousands of images
    sample_kimg: float = 4.0
    snapshot_kimg: float = 8.0
    patience: int = 12  # snapshots without improvement that end the run; 0 is never
    measure_samples: int = 384  # pictures that a snapshot is measured on
    measure: str = "features"  # or "patches", which need no pretrained network
    directions: int = 12

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise InputError("train_family", family=self.family)
        choices = {"measure": METRICS, "base_parts": BASE_PARTS, "framing": FRAMINGS}
        for key, known in choices.items():
            if (value := getattr(self, key)) not in known:
                raise InputError("config_value", key=key, value=value)
        if self.device not in ("auto", "cpu", "cuda"):
            raise InputError("device_missing", device=self.device)
        if any(side % 32 or not 32 <= side <= 1024 for side in self.resolution):
            size = "x".join(map(str, self.resolution))
            raise InputError("train_resolution", size=size)
        if (self.minutes is None) == (self.kimg is None):
            raise InputError("train_duration")
        duration = self.minutes if self.minutes is not None else self.kimg
        assert duration is not None
        if not 0 < duration < 1e6:
            raise InputError("train_duration")
        if not self.feature_weight and not self.latent_weight:
            raise InputError("config_value", key="latent_weight", value=0)
        if not self.feature_weight and self.decoder_rate:  # who should teach it?
            told = self.decoder_rate
            raise InputError("config_value", key="decoder_rate", value=told)
        whole = self.learnt
        if not self.generator_rate and not (whole and self.decoder_rate):
            raise InputError("config_value", key="generator_rate", value=0)
        self._check_labels()
        if self.batch < 4 or self.batch % 4 or self.autoencoder_batch < 1:
            raise InputError("train_batch")
        if self.frozen and not (whole and self.family == "gan" and self.latent_weight):
            raise InputError("train_frozen")
        if len(self.rights) > MOST_RIGHTS:
            raise InputError("train_rights", limit=MOST_RIGHTS)
        self._check_numbers()
        if self.dropout >= 1:
            raise InputError("config_value", key="dropout", value=self.dropout)
        self._check_stages()
        if self.crop % 32:
            raise InputError("config_value", key="crop", value=self.crop)

    def _check_labels(self) -> None:
        """Labels are learnt where a discriminator of latents can tell them apart."""
        if self.labels and self.family == "vae":
            raise InputError("labels_vae")
        if self.labels and not self.latent_weight:
            raise InputError("config_value", key="latent_weight", value=0)

    def _check_numbers(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            numbers = value if isinstance(value, tuple) else (value,)
            if not all(_is_possible(field.name, number) for number in numbers):
                raise InputError("config_value", key=field.name, value=value)
            if not numbers and field.name != "excluded":
                raise InputError("config_value", key=field.name, value="")

    def _check_stages(self) -> None:
        """Each halving of the autoencoder has a width and a number of blocks."""
        stages = len(self.encoder_widths)
        for key in STAGES:
            value = getattr(self, key)
            if len(value) != stages or stages > 5:
                told = ",".join(map(str, value))
                raise InputError("config_value", key=key, value=told)

    @property
    def factor(self) -> int:
        """Pixels per latent cell."""
        return 2 ** len(self.encoder_widths)

    @property
    def period(self) -> int:
        """Pixels after which a decoder might repeat itself: two cells, or one."""
        twice = 2 * self.factor  # by twos, so that cells that take turns show too
        even = not any(side % twice for side in self.resolution)
        return twice if even else self.factor

    @property
    def learnt(self) -> bool:
        """Whether it starts from all that a model knows."""
        return self.base != "scratch" and self.base_parts == "all"

    @property
    def seen_from(self) -> float:
        """Share of the second phase after which what a network sees counts.

        It teaches paint within minutes, but the same composition for every sample:
        latents must have taught many first. Without these, or from a model that has
        learnt, it counts from the start.
        """
        taught = self.latent_weight or self.family == "vae"
        return self.feature_start if taught and not self.learnt else 0.0

    @property
    def layout_numbers(self) -> int:
        """How many numbers of z name a layout; the rest of z and w is for all else.

        None in the family `vae`, whose encoder finds words of its own for layouts.
        """
        if not self.layout or self.family == "vae":
            return 0
        height, width = self.latent_size
        most = self.latent_channels * height * width
        return min(LAYOUT_NUMBERS, self.z_dim // 2, self.w_dim // 2, most)

    @property
    def latent_size(self) -> tuple[int, int]:
        """Height and width of the latents."""
        return self.resolution[0] // self.factor, self.resolution[1] // self.factor


def _is_possible(name: str, number: Any) -> bool:
    if type(number) not in (int, float):
        return True
    most = 1 if name in SHARES else float("inf")
    return 0 < number <= most or (number == 0 and name in MAY_BE_ZERO)
