"""The verb `invert`: a picture becomes a work of a model."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.cli import options
from studio.cli.answer import add_verb, answer, text
from studio.cli.works import write_file
from studio.errors import InputError
from studio.export.clip import extras_of, is_clip, open_clip
from studio.export.film import check_suffix
from studio.recipe import Recipe

if TYPE_CHECKING:
    import numpy as np

    from studio.latent.reading import Reader
    from studio.model import Model

FAITHFUL = 0.5
WHOLE = 0.9  # of pieces, which were chosen for what they are


def register(verbs: Any) -> None:
    """Declare the verb of this module."""
    parser = add_verb(verbs, "invert", _invert)
    parser.add_argument("model", metavar="MODEL", help=text("cli.argument.model"))
    parser.add_argument("picture", metavar="FILE", help=text("cli.argument.photo"))
    parser.add_argument(
        "--faithful",
        type=float,
        default=None,
        metavar="A",
        help=text("cli.help.faithful"),
    )
    parser.add_argument("--fragments", action="store_true", help=text("cli.help.holes"))
    parser.add_argument(
        "--chance", type=int, metavar="SEED", help=text("cli.help.chance")
    )
    parser.add_argument("-o", "--output", metavar="FILE", help=text("cli.help.output"))


def _invert(args: argparse.Namespace) -> None:
    if args.faithful is None:
        args.faithful = WHOLE if args.fragments else FAITHFUL
    if not 0 <= args.faithful <= 1:
        raise InputError("invert_faithful", value=args.faithful)
    if is_clip(Path(args.picture)):
        return _stylise(args)
    chance = None if args.chance is None else Recipe.parse_seed(str(args.chance))
    form = options.parse_form(Path(args.output or "x.png"))
    from studio.export.work import save_work
    from studio.latent.reading import Reader
    from studio.model import Model

    model = Model.open(args.model)
    read = _complete if args.fragments else _find
    recipe, value = read(model, Reader.of, Path(args.picture), args.faithful, chance)
    if args.output:
        write_file(Path(args.output), save_work(model, recipe, form))
    value["recipe"] = recipe.to_dict()
    answer(args, value, _lines(value, args.output))
    return None


def _stylise(args: argparse.Namespace) -> None:
    """Make a film of a clip, as the model sees it."""
    if args.fragments or args.chance is not None:
        raise InputError("clip_options")
    if args.output is None:
        raise InputError("clip_output")
    path = check_suffix(Path(args.output))
    clip = open_clip(Path(args.picture))
    from studio.export.film import Format, write_film
    from studio.latent.reading import Reader
    from studio.latent.stylising import stylise
    from studio.model import Model

    model = Model.open(args.model)
    reader = Reader.of(model)
    frames = Unrest(clip.frames(model.resolution))
    recipes = stylise(model, reader, frames, args.faithful)
    made = Unrest(model.render([recipe])[0] for recipe in recipes)
    extras = extras_of(clip, model.card)
    count = write_film(path, made, Format.of(model.resolution, clip.fps), extras)
    value = {
        "path": str(path),
        "frames": count,
        "fps": clip.fps,
        "unrest": round(made.mean / max(frames.mean, 1e-6), 3),
    }
    answer(args, value, [text("cli.invert.clip", **value)])


class Unrest:
    """Pictures as they pass, and the mean difference of each to the one before."""

    def __init__(self, pictures: Iterable[np.ndarray]) -> None:
        self._pictures = pictures
        self._whole, self._steps = 0.0, 0

    def __iter__(self) -> Iterator[np.ndarray]:
        before = None
        for picture in self._pictures:
            if before is not None:
                self._whole += float(abs(picture.astype(int) - before).mean())
                self._steps += 1
            before = picture
            yield picture

    @property
    def mean(self) -> float:
        """How much changes from one picture to the next, 0 to 255."""
        return self._whole / max(1, self._steps)


def _find(
    model: Model,
    reader_of: Callable[[Model], Reader],
    path: Path,
    faithful: float,
    chance: int | None,
) -> tuple[Recipe, dict[str, Any]]:
    """Read a picture and polish it; tell how near it came and how long it took."""
    from studio.latent.inversion import encode, polish, read, rebuild, to_recipe

    picture = read_picture(path, model.resolution)
    reader = reader_of(model)
    read(model, reader, encode(model, picture))  # once, to warm up
    begun = time.perf_counter()
    latents = encode(model, picture)
    found = read(model, reader, latents, chance=chance)
    first_ms = 1000 * (time.perf_counter() - begun)
    begun = time.perf_counter()
    *_, found = polish(model, reader, latents, found, picture=picture)
    polish_s = time.perf_counter() - begun
    recipe = to_recipe(model, found, faithful)
    value = {
        "psnr_db": _nearness(model, recipe, picture),
        "first_reading_ms": round(first_ms, 1),
        "polish_s": round(polish_s, 2),
        "outside": reader.world.is_outside(picture, rebuild(model, latents)),
    }
    return recipe, value


def _complete(
    model: Model,
    reader_of: Callable[[Model], Reader],
    path: Path,
    faithful: float,
    chance: int | None,
) -> tuple[Recipe, dict[str, Any]]:
    """Complete a picture with holes; it is the pieces that it is compared with."""
    from studio.latent.fragments import complete
    from studio.training.scrap import take_board

    if not path.is_file():
        raise InputError("invert_missing", file=str(path))
    board = take_board(path.read_bytes(), model.resolution)
    reader = reader_of(model)
    begun = time.perf_counter()
    recipe = complete(model, reader, board, chance, faithful)
    first_ms = 1000 * (time.perf_counter() - begun)
    made = model.render_canonical(recipe)
    cover = board[..., 3:].astype(float) / 255
    pieces = (board[..., :3] * cover + made * (1 - cover)).round().astype(made.dtype)
    value = {
        "psnr_db": _nearness(model, recipe, pieces),
        "first_reading_ms": round(first_ms, 1),
        "polish_s": 0.0,
        "outside": False,
    }
    return recipe, value


def _nearness(model: Model, recipe: Recipe, picture: np.ndarray) -> float:
    from studio.evaluation.metrics import signal_to_noise
    from studio.model import to_pixels

    made = model.render_canonical(recipe)
    return round(signal_to_noise(*map(to_pixels, ([made], [picture]))), 2)


def read_picture(path: Path, resolution: tuple[int, int]) -> np.ndarray:
    """Read the centre of a picture at a resolution: uint8 [H,W,3].

    Raises InputError where there is none, or none that can be read.
    """
    from studio.training.dataset import load_picture, take_whole

    if not path.is_file():
        raise InputError("invert_missing", file=str(path))
    loaded = load_picture(path, resolution)
    if loaded is None:
        raise InputError("invert_unreadable", file=path.name)
    return take_whole(loaded, resolution)


def _lines(value: dict[str, Any], output: str | None) -> Iterator[str]:
    yield text("cli.invert.done", psnr=value["psnr_db"], seconds=value["polish_s"])
    if value["outside"]:
        yield text("cli.invert.outside")
    if output:
        yield text("cli.render.wrote", path=output)
