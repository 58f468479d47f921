"""The verb `seek`: works that are novel and yet plausible, found among seeds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.cli import options
from studio.cli.answer import add_verb, answer, text
from studio.cli.works import write_file

if TYPE_CHECKING:
    from studio.evaluation.nearness import Memory, Standing
    from studio.model import Model
    from studio.recipe import Recipe

SEEDS = "0-127"
BEST, MOST = 8, 1000
TOGETHER = 16  # works looked at in one go


def register(verbs: Any) -> None:
    """Declare the verb of this module."""
    parser = add_verb(verbs, "seek", _seek)
    parser.add_argument("model", metavar="MODEL", help=text("cli.argument.model"))
    for option, name, default in (
        ("--seeds", "A-B", SEEDS),
        ("--best", "N", str(BEST)),
        ("--variety", "V", None),
    ):
        words = text(f"cli.help.seek_{option[2:]}")
        parser.add_argument(option, metavar=name, default=default, help=words)
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", help=text("cli.help.seek_output")
    )


def _seek(args: argparse.Namespace) -> None:
    seeds = options.parse_seeds(args.seeds)
    best = options.parse_whole(args.best, "--best", 1, MOST)
    variety = None if args.variety is None else options.parse_variety(args.variety)
    from studio.checkpoint import locate, read_card

    folder = locate(args.model)
    from studio.evaluation.nearness import rank, recall
    from studio.model import Model

    memory = recall(folder, read_card(folder))
    model = Model.open(args.model)
    recipes = [model.recipe(seed) for seed in seeds]
    if variety is not None:
        recipes = [recipe.with_variety(variety) for recipe in recipes]
    found = _judge(model, memory, recipes, quiet=args.json)
    works = [
        {
            "seed": seeds[i],
            "novelty": found[i].novelty,
            "plausibility": found[i].plausibility,
            "copy": found[i].copy,
            "recipe": recipes[i].to_dict(),
        }
        for i in rank(found)[:best]
    ]
    paths = _save(model, [recipes[i] for i in rank(found)[:best]], args.output)
    value = {"name": model.name, "among": len(found), "works": works, "paths": paths}
    answer(args, value, _lines(works, paths))


def _judge(
    model: Model, memory: Memory, recipes: list[Recipe], *, quiet: bool
) -> list[Standing]:
    found: list[Standing] = []
    for start in range(0, len(recipes), TOGETHER):
        found += memory.judge(model.render(recipes[start : start + TOGETHER]))
        if not quiet:
            told = text("cli.seek.seen", seen=len(found), among=len(recipes))
            print(told, file=sys.stderr, flush=True)
    return found


def _save(model: Model, recipes: list[Recipe], folder: str | None) -> list[str]:
    from studio.export.work import save_work
    from studio.recipe_parts import Seed

    if folder is None:
        return []
    paths = []
    for recipe in recipes:
        assert isinstance(recipe.source, Seed)
        path = Path(folder) / f"seed-{recipe.source.seed}.png"
        write_file(path, save_work(model, recipe))
        paths.append(str(path))
    return paths


def _lines(works: list[dict[str, Any]], paths: list[str]) -> Iterator[str]:
    for work in works:
        shares = {key: f"{100 * work[key]:.0f}" for key in ("novelty", "plausibility")}
        key = "cli.seek.copy" if work["copy"] else "cli.seek.work"
        yield text(key, seed=work["seed"], **shares)
    for path in paths:
        yield text("cli.render.wrote", path=path)
