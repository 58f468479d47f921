"""The verb `invert`: a picture becomes a work of a model."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.cli.answer import add_verb, answer, text
from studio.cli.works import check_png, write_file
from studio.errors import InputError

if TYPE_CHECKING:
    import numpy as np

FAITHFUL = 0.5


def register(verbs: Any) -> None:
    """Declare the verb of this module."""
    parser = add_verb(verbs, "invert", _invert)
    parser.add_argument("model", metavar="MODEL", help=text("cli.argument.model"))
    parser.add_argument("picture", metavar="FILE", help=text("cli.argument.photo"))
    parser.add_argument(
        "--faithful",
        type=float,
        default=FAITHFUL,
        metavar="A",
        help=text("cli.help.faithful"),
    )
    parser.add_argument("-o", "--output", metavar="FILE", help=text("cli.help.output"))


def _invert(args: argparse.Namespace) -> None:
    if not 0 <= args.faithful <= 1:
        raise InputError("invert_faithful", value=args.faithful)
    if args.output:
        check_png(Path(args.output))
    from studio.evaluation.metrics import signal_to_noise
    from studio.export.png import save_work
    from studio.latent.inversion import encode, polish, read, rebuild, to_recipe
    from studio.latent.reading import Reader
    from studio.model import Model, to_pixels

    model = Model.open(args.model)
    picture = read_picture(Path(args.picture), model.resolution)
    reader = Reader.of(model)
    read(model, reader, encode(model, picture))  # once, to warm up
    begun = time.perf_counter()
    latents = encode(model, picture)
    found = read(model, reader, latents)
    first_ms = 1000 * (time.perf_counter() - begun)
    begun = time.perf_counter()
    *_, found = polish(model, reader, latents, found)
    polish_s = time.perf_counter() - begun
    recipe = to_recipe(model, found, args.faithful)
    pixels = model.render_canonical(recipe)
    if args.output:
        write_file(Path(args.output), save_work(model, recipe))
    value = {
        "psnr_db": round(signal_to_noise(*map(to_pixels, ([pixels], [picture]))), 2),
        "first_reading_ms": round(first_ms, 1),
        "polish_s": round(polish_s, 2),
        "outside": reader.world.is_outside(picture, rebuild(model, latents)),
        "recipe": recipe.to_dict(),
    }
    answer(args, value, _lines(value, args.output))


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
