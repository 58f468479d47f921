"""The one door from anything to torch: a trained model, open, ready to render."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from studio.checkpoint import (
    WORDS,
    fingerprint,
    locate,
    model_name,
    read_card,
    read_weights,
    write_checkpoint,
)
from studio.config import from_dict
from studio.direction import Direction, read_directions, read_named, step_of
from studio.errors import InputError, ModelError, RecipeError
from studio.networks.autoencoder import Autoencoder, AutoencoderConfig
from studio.networks.blocks import freeze, place
from studio.networks.generator import Generator, GeneratorConfig
from studio.recipe import Blend, Kinds, Mask, Recipe, Seed, Source, Style
from studio.residual import alike, moves, numbers_of, unmoved
from studio.seeds import blend_kinds, blend_z, seeds_to_kinds, seeds_to_z

CACHED_STYLES = 512
DECODED_TOGETHER = 4  # at 224 px, 7 % faster than 16 in one go
FOR_TRAINING = ("discriminator", "perception", "encoder")  # files nobody renders with
PREVIEW_SEEDS = (48, 53, 16, 22)
MOST_SIZE = 4096  # any width, depth or side in a card
MOST_NUMBERS = 40_000_000  # parameters a network may have, before any are allocated


def card_networks(**networks: nn.Module) -> dict[str, Any]:
    """Describe the networks of a checkpoint, for `card.json`."""
    configs = {n: net.config for n, net in networks.items() if hasattr(net, "config")}
    return {name: asdict(config) for name, config in configs.items()}  # type: ignore


class Model:
    """A model under the hand. All calls come from one thread."""

    def __init__(
        self,
        name: str,
        card: dict[str, Any],
        weights: Mapping[str, Mapping[str, np.ndarray]],
        mark: str = "",
    ) -> None:
        self.name, self.card, self.fingerprint = name, card, mark
        self.weights = weights
        self.folder: Path | None = None  # where it was opened from
        networks = card["networks"]
        shape = _config(name, GeneratorConfig, networks.get("generator"))
        code = _config(name, AutoencoderConfig, networks.get("autoencoder"))
        self.generator = _build(name, Generator, shape, weights["generator"])
        self.autoencoder = _build(name, Autoencoder, code, weights["autoencoder"])
        with torch.no_grad():
            self.generator.settle()
        self.resolution: tuple[int, int] = tuple(card["resolution"])  # type: ignore
        self.layers, self.w_dim = shape.layers, shape.w_dim
        self.z_dim = shape.z_dim
        self.kinds: list[str] = [kind["name"] for kind in card.get("kinds", [])]
        self.shares: list[float] = [kind["share"] for kind in card.get("kinds", [])]
        self.latent_shape = (code.latent_channels, *shape.latent_size)
        self._check_card(code.factor, shape)
        self.directions = read_directions(name, card, weights.get("directions", {}))
        self.named = read_named(name, card, weights.get("words", {}))
        self.by_name = {d.name: d for d in (*self.directions, *self.named)}
        self._styles: OrderedDict[tuple[Source, Kinds], Tensor] = OrderedDict()

    @classmethod
    def open(cls, name: str, *, to_rewrite: bool = False) -> Model:
        """Open MODEL: a checkpoint's name, a run's name, or a path.

        `to_rewrite` also reads what only training needs, so that `write` keeps it.
        Raises ModelError with what is wrong with the checkpoint.
        """
        folder = locate(name)
        card = read_card(folder)
        stems = ("autoencoder", "generator", "directions")
        weights = {s: read_weights(folder, f"{s}.safetensors") for s in stems}
        if card.get("measures"):
            weights["words"] = read_weights(folder, WORDS)
        for stem in FOR_TRAINING if to_rewrite else ():
            if (folder / f"{stem}.safetensors").exists():
                weights[stem] = read_weights(folder, f"{stem}.safetensors")
        model = cls(model_name(folder), card, weights, fingerprint(folder))
        model.folder = folder
        return model

    @classmethod
    def assemble(
        cls, name: str, card: dict[str, Any], weights: dict[str, dict[str, np.ndarray]]
    ) -> Model:
        """Make a model from arrays, rounded to fp16 as its file will be."""
        rounded = {
            stem: {
                k: a.astype(np.float16).astype(np.float32) for k, a in arrays.items()
            }
            for stem, arrays in weights.items()
        }
        return cls(name, card, rounded)

    def write(self, folder: Path, directions: Sequence[Direction]) -> None:
        """Write this model as a checkpoint folder, with these directions."""
        weights = {k: v for k, v in self.weights.items() if k != "directions"}
        weights["directions"] = {d.name: d.rows for d in directions}
        card = {**self.card, "directions": [d.describe() for d in directions]}
        write_checkpoint(folder, weights, card, self._preview())

    # -- pictures -----------------------------------------------------------------

    def render(self, recipes: Sequence[Recipe], spare_threads: int = 0) -> np.ndarray:
        """Render recipes together: uint8 [N,H,W,3] at the model's own resolution.

        A preview: batched, so that a byte may differ by 1 from `render_canonical`.
        `spare_threads` are left to others, as long as one remains. Raises RecipeError.
        """
        for recipe in recipes:
            self.check(recipe)
        threads = max(1, torch.get_num_threads() - spare_threads)
        with torch.inference_mode(), _threads(threads):
            return self._decode(self._latents(recipes))

    def render_canonical(self, recipe: Recipe) -> np.ndarray:
        """Render the one true picture of a recipe: uint8 [h,w,3].

        Resampled to the recipe's size, if it names one. A batch of one on one
        thread: the same bytes on the same machine, whatever else was rendered
        before. Raises RecipeError.
        """
        with _threads(1):
            pixels = self.render([recipe])[0]
        if recipe.size is None or recipe.size == self.resolution:
            return pixels
        size = (recipe.size[1], recipe.size[0])
        picture = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS)
        return np.asarray(picture)

    def style(self, recipe: Recipe) -> np.ndarray:
        """Give the final w of a recipe, float32 [layers, w_dim]."""
        self.check(recipe)
        with torch.inference_mode(), _threads(1):
            return self._style(recipe).numpy().copy()

    def map_seeds(self, seeds: Sequence[int] | range, kinds: Kinds = ()) -> np.ndarray:
        """Give the w of seeds before variety, float32 [N, w_dim].

        As `kinds` where any are given, or else as the seeds' own.
        """
        z = torch.from_numpy(seeds_to_z(seeds, self.z_dim))
        marks = seeds_to_kinds(seeds, self.shares)
        if kinds:
            marks = np.repeat(self._marks((), kinds), len(z), axis=0)
        with torch.inference_mode():
            return self._map(z, marks).numpy()

    def _map(self, z: Tensor, kinds: np.ndarray) -> Tensor:
        told = torch.from_numpy(kinds) if self.kinds else None
        return self.generator.mapping(z, told)

    def truncated(self, w: np.ndarray, variety: float) -> np.ndarray:
        """Give w [N, w_dim] at a variety, for every layer: [N, layers, w_dim]."""
        mean = self.generator.w_mean.numpy()
        near = mean + variety * (w - mean)
        return np.repeat(near[:, None], self.layers, axis=1)

    def render_styles(self, w: np.ndarray) -> np.ndarray:
        """Render w float32 [N, layers, w_dim] to uint8 [N,H,W,3]."""
        with torch.inference_mode():
            styles = torch.from_numpy(np.ascontiguousarray(w, dtype=np.float32))
            latents = self.generator.synthesise(styles)
            return self._decode(latents)

    def _decode(self, latents: Tensor) -> np.ndarray:
        """Decode latents [N,C,h,w] to uint8 [N,H,W,3], as many as the cache holds."""
        parts = latents.split(DECODED_TOGETHER)
        return np.concatenate([to_bytes(self.autoencoder.decode(p)) for p in parts])

    # -- recipes ------------------------------------------------------------------

    def recipe(self, seed: int) -> Recipe:
        """Give the plain recipe of a seed, at the model's default variety."""
        variety = float(self.card["default_variety"])
        return Recipe(self.name, self.fingerprint, Seed(seed), variety)

    def check(self, recipe: Recipe) -> None:
        """Raise RecipeError unless the recipe fits this very model."""
        if recipe.model != self.name or recipe.fingerprint != self.fingerprint:
            raise RecipeError("recipe_model_changed", model=recipe.model)
        self._check_source(recipe.source)
        for mix in recipe.mix:
            self._check_source(mix.source)
            if max(mix.layers) >= self.layers:
                raise RecipeError(
                    "recipe_layer", layer=max(mix.layers), layers=self.layers
                )
        for name in sorted(dict(recipe.kinds).keys() - set(self.kinds)):
            raise RecipeError("recipe_kind", name=name, model=self.name)
        steps = dict(recipe.taught)
        for name in sorted(recipe.amounts.keys() - self.by_name.keys() - steps.keys()):
            raise RecipeError("recipe_direction", name=name, model=self.name)
        for name, step in steps.items():
            if len(step) != 2 * self.w_dim:
                raise RecipeError("recipe_taught", name=name, model=self.name)
        residual = recipe.residual
        if residual is not None and tuple(residual.shape) != self.latent_shape:
            raise RecipeError("recipe_residual", model=self.name)
        for patch in recipe.patches:
            self.check(patch.recipe)

    def _check_source(self, source: Source) -> None:
        if not isinstance(source, Style):
            return
        if len(source.rows) not in (1, self.layers) or any(
            len(row) != self.w_dim for row in source.rows
        ):
            raise RecipeError(
                "recipe_style", model=self.name, layers=self.layers, w_dim=self.w_dim
            )

    def _check_card(self, factor: int, shape: GeneratorConfig) -> None:
        told = (self.card["layers"], self.card["w_dim"], self.card["latent_channels"])
        made = (shape.layers, shape.w_dim, shape.latent_channels)
        if len(self.kinds) != shape.kinds:
            raise ModelError("model_card_key", name=self.name, key="kinds")
        size = tuple(side * factor for side in shape.latent_size)
        if told != made or self.resolution != size:
            raise ModelError("model_card_key", name=self.name, key="networks")

    # -- from recipe to latents ---------------------------------------------------

    def _latents(self, recipes: Sequence[Recipe]) -> Tensor:
        """Give latents [N,C,h,w]; patches are synthesised in the same batch."""
        patched = [p.recipe for recipe in recipes for p in recipe.patches]
        every = [*recipes, *patched]
        still = {i: unmoved(recipe) for i, recipe in enumerate(every) if moves(recipe)}
        styles = torch.stack([self._style(r) for r in (*every, *still.values())])
        made = self.generator.synthesise(styles)
        before = dict(zip(still, made[len(every) :], strict=True))
        for i, recipe in enumerate(every):
            if recipe.residual is not None:
                missing = numbers_of(recipe.residual)
                made[i] += (
                    alike(made[i], before[i]) * missing if i in before else missing
                )
        made = made[: len(every)]
        latents, extra = made[: len(recipes)], iter(made[len(recipes) :])
        for i, recipe in enumerate(recipes):
            for patch in recipe.patches:
                mask = self._mask(patch.mask)
                latents[i] = latents[i] * (1 - mask) + next(extra) * mask
        return latents

    def _style(self, recipe: Recipe) -> Tensor:
        """Give the final w [layers, w_dim]: source, variety, mixes, directions."""
        w = self._near(recipe.source, recipe)
        for mix in recipe.mix:
            other = self._near(mix.source, recipe)
            rows = list(mix.layers)
            w[rows] = torch.lerp(w[rows], other[rows], mix.amount)
        steps = dict(recipe.taught)
        for name, amount in recipe.amounts.items():
            if name in steps:  # a work's own word is the same one for ever
                w += amount * torch.from_numpy(step_of(steps[name]))
                continue
            direction = self.by_name[name]
            w += amount * direction.sigma * torch.from_numpy(direction.rows)
        return w

    def _near(self, source: Source, recipe: Recipe) -> Tensor:
        """Give the w of a source at a recipe's variety, a fresh [layers, w_dim]."""
        mean = self.generator.w_mean
        apart = self._source(source, recipe.kinds) - mean
        return mean + recipe.variety * apart.expand(self.layers, -1)

    def _source(self, source: Source, kinds: Kinds) -> Tensor:
        """Give the w of a source, seeds being of these kinds or of their own.

        [1, w_dim] or [layers, w_dim].
        """
        if isinstance(source, Style):
            return torch.tensor(source.rows, dtype=torch.float32)
        if (known := (source, kinds)) not in self._styles:
            pairs = source.pairs if isinstance(source, Blend) else ((source.seed, 1.0),)
            z = torch.from_numpy(blend_z(pairs, self.z_dim))[None]
            with _threads(1):  # the cache serves canonical renders too
                self._styles[known] = self._map(z, self._marks(pairs, kinds))
            if len(self._styles) > CACHED_STYLES:
                self._styles.popitem(last=False)
        return self._styles[known]

    def _marks(self, pairs: Sequence[tuple[int, float]], kinds: Kinds) -> np.ndarray:
        """Give what the mapping is told of kinds: those wanted, or the seeds' own."""
        if not kinds:
            return blend_kinds(pairs, self.shares)[None]
        amounts = dict(kinds)
        marks = np.array([[amounts.get(name, 0.0) for name in self.kinds]], np.float32)
        return marks / marks.sum()

    def _mask(self, mask: Mask) -> Tensor:
        """Give a mask [h,w] in 0..1 at the size of the latents."""
        cells = np.frombuffer(mask.data, dtype=np.uint8)
        picture = Image.fromarray(cells.reshape(mask.height, mask.width))
        size = (self.latent_shape[2], self.latent_shape[1])
        resized = picture.resize(size, Image.Resampling.BILINEAR)
        return torch.from_numpy(np.asarray(resized, dtype=np.float32) / 255)

    def _preview(self) -> bytes:
        w = self.map_seeds(PREVIEW_SEEDS[:1])
        pixels = self.render_styles(self.truncated(w, self.card["default_variety"]))
        buffer = BytesIO()
        Image.fromarray(pixels[0]).save(buffer, "WEBP", quality=80)
        return buffer.getvalue()


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Compute on so many threads; on one, sums are always added in the same order."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def to_pixels(
    pictures: Sequence[np.ndarray] | np.ndarray, device: torch.device | str = "cpu"
) -> Tensor:
    """Turn uint8 pictures [H,W,3] into pixels [N,3,H,W] in [-1,1]."""
    stack = torch.from_numpy(np.stack(list(pictures))).to(device)
    pixels = stack.permute(0, 3, 1, 2).float() / 127.5 - 1
    return pixels.contiguous(memory_format=torch.channels_last)


def to_bytes(pixels: Tensor) -> np.ndarray:
    """Turn pixels [N,3,H,W], about [-1,1], into uint8 [N,H,W,3]."""
    scaled = ((pixels + 1) * 127.5).round_().clamp_(0, 255).byte().cpu()
    return scaled.permute(0, 2, 3, 1).contiguous().numpy()


def _config(name: str, cls: type, data: Any) -> Any:
    """Read a network's config; sizes are bounded before anything is built."""
    try:
        config: Any = from_dict(
            cls, data if isinstance(data, dict) else {"networks": data}
        )
        for key, value in asdict(config).items():
            if key == "plan":
                continue
            least = 0 if key.endswith(("blocks", "kinds", "layout")) else 1
            sizes = np.ravel(value).tolist()
            if not all(type(n) is int and least <= n <= MOST_SIZE for n in sizes):
                raise InputError("config_bad", problem=key)
        return config
    except InputError:
        raise ModelError("model_card_key", name=name, key="networks") from None


def _build(name: str, cls: type, config: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """Make a network and fill it; shapes are compared before memory is asked for."""
    file = f"{cls.__name__.lower()}.safetensors"
    try:
        with torch.device("meta"):
            network = cls(config)
        if sum(p.numel() for p in network.parameters()) > MOST_NUMBERS:
            raise ValueError
        tensors = {key: torch.from_numpy(array) for key, array in arrays.items()}
        network.load_state_dict(tensors, assign=True)
    except (RuntimeError, ValueError, TypeError, IndexError, KeyError, AssertionError):
        raise ModelError("model_file_shapes", name=name, file=file) from None
    return place(freeze(network), torch.device("cpu"))
