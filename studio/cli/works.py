"""The verbs about works: models, render, show."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.cli import options
from studio.cli.answer import add_verb, answer, text
from studio.cli.words import check_phrase
from studio.errors import InputError, ModelError
from studio.language import LANGUAGES, person_language
from studio.paths import checkpoints_folder, write_atomically
from studio.recipe import FORMAT, SEED_MAX, Recipe, Seed

if TYPE_CHECKING:
    import numpy as np

    from studio.export.saved import SavedWork
    from studio.export.work import Comparison
    from studio.model import Model


def register(verbs: Any) -> None:
    """Declare the verbs of this module."""
    add_verb(verbs, "models", _models)
    _declare_render(add_verb(verbs, "render", _render))
    show = add_verb(verbs, "show", _show)
    show.add_argument("picture", metavar="FILE", help=text("cli.argument.picture"))
    show.add_argument("--verify", action="store_true", help=text("cli.help.verify"))
    show.add_argument("--why", action="store_true", help=text("cli.help.why"))
    show.add_argument("--near", action="store_true", help=text("cli.help.near"))
    onnx = add_verb(verbs, "onnx", _onnx)
    onnx.add_argument("model", metavar="MODEL", help=text("cli.argument.model"))
    onnx.add_argument(
        "-o", "--output", metavar="FILE", required=True, help=text("cli.help.output")
    )


def _declare_render(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help=text("cli.argument.model"))
    for option, name in (
        ("--seed", "N"),
        ("--seeds", "A-B"),
        ("--variety", "V"),
        ("--size", "S"),
        ("--recipe", "R"),
        ("--print", "N"),
        ("--quality", "Q"),
        ("--creator", "NAME"),
        ("--rights", "TEXT"),
    ):
        words = text(f"cli.help.{option[2:]}")
        parser.add_argument(option, metavar=name, help=words)
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="D=A",
        help=text("cli.help.set"),
    )
    parser.add_argument("--words", metavar="PHRASE", help=text("cli.help.render_words"))
    parser.add_argument("-o", "--output", metavar="PATH", help=text("cli.help.output"))


def _models(args: argparse.Namespace) -> None:
    from studio.checkpoint import list_models

    found = list_models()
    answer(args, found, _lines_of_models(found))


def _lines_of_models(found: list[dict[str, Any]]) -> Iterator[str]:
    if not found:
        yield text("cli.models.none", folder=checkpoints_folder())
    for model in found:
        size = "x".join(str(side) for side in model["resolution"] or ())
        name, family = model["name"], model["family"] or ""
        state = text("cli.models.ready")
        if not model["ready"]:
            state = text(f"error.{model['error']['code']}", **model["error"]["params"])
        yield f"{name:24} {family:5} {size:9} {state}"


def _render(args: argparse.Namespace) -> None:
    # Everything typed is looked at before torch loads: mistakes answer at once.
    seeds = _chosen_seeds(args)
    given = None if args.recipe is None else options.load_recipe(args.recipe)
    changes = _Changes(args)
    paths = _chosen_paths(args, seeds)
    forms = [options.parse_form(path, args.print, args.quality) for path in paths]
    credit = options.parse_credit(args.creator, args.rights)
    from studio.checkpoint import locate

    locate(args.model)
    from studio.export.work import save_work
    from studio.model import Model

    model = Model.open(args.model)
    base = changes.apply(_base_recipe(model, given, seeds[0]), model)
    if changes.seek and isinstance(base.source, Seed):
        seeds = [base.source.seed]
        paths = _chosen_paths(args, seeds)
    works = []
    for seed, path, form in zip(seeds, paths, forms, strict=True):
        recipe = base if seed is None else base.with_seed(seed)
        write_file(path, save_work(model, recipe, form, credit))
        works.append({"path": str(path), "seed": seed, "recipe": recipe.to_dict()})
        if not args.json:
            print(text("cli.render.wrote", path=path), flush=True)
    answer(args, {"works": works}, ())


def _chosen_seeds(args: argparse.Namespace) -> list[int | None]:
    """Return the seeds to render; None stands for the source of the recipe given."""
    if args.seed is not None and args.seeds is not None:
        raise InputError("seeds_and_seed")
    if args.seeds is not None:
        return list(options.parse_seeds(args.seeds))
    if args.seed is not None:
        return [Recipe.parse_seed(args.seed)]
    return [None if args.recipe is not None else secrets.randbelow(SEED_MAX + 1)]


class _Changes:
    """What the options change in a recipe, read before any model is there."""

    def __init__(self, args: argparse.Namespace) -> None:
        variety, size = args.variety, args.size
        self.variety = None if variety is None else options.parse_variety(variety)
        self.settings = [options.parse_setting(item) for item in args.set]
        self.size = None if size is None else options.parse_size(size)
        self.phrase = None if args.words is None else check_phrase(args.words)
        given = (args.seed, args.seeds, args.recipe)
        self.seek = args.words is not None and given == (None, None, None)

    def apply(self, recipe: Recipe, model: Model) -> Recipe:
        """Return ``recipe`` with the changes, sized in the model's proportions."""
        if self.phrase is not None:
            recipe = _say(self.phrase, recipe, model, seek=self.seek)
        for name, amount in self.settings:
            recipe = recipe.with_direction(name, amount)
        if self.variety is not None:
            recipe = recipe.with_variety(self.variety)
        if self.size is not None:
            recipe = recipe.with_size(options.fit_size(self.size, model.resolution))
        return recipe


def _say(phrase: str, recipe: Recipe, model: Model, *, seek: bool) -> Recipe:
    """Return the recipe moved to a phrase; tell on stderr what was not understood.

    To `seek`, from the start that suits the phrase best of some hundreds.
    """
    from studio.latent.starts import choose_start
    from studio.latent.words import direct, listen

    found = listen(phrase, model.card, seek=seek)
    for unknown in found.unknown:
        print(text("cli.words.unknown", text=unknown.text), file=sys.stderr)
    recipe = direct(recipe, found, model.card)
    if seek and found.amounts:
        recipe = replace(recipe, source=choose_start(found, recipe, None, model))
    return recipe


def _base_recipe(
    model: Model, given: dict[str, Any] | None, seed: int | None
) -> Recipe:
    if given is None:
        return model.recipe(seed or 0)
    known = {"model": model.name, "fingerprint": model.fingerprint, **given}
    if seed is not None:
        known["source"] = {"seed": seed}
    return Recipe.from_dict({"format": FORMAT, **known})


def _chosen_paths(args: argparse.Namespace, seeds: list[int | None]) -> list[Path]:
    """Return a path for every seed."""
    stem = Path(args.model).name or "work"
    if args.seeds is not None:
        folder = Path(args.output or stem)
        if folder.exists() and not folder.is_dir():
            raise InputError("output_not_folder", path=folder)
        digits = len(str(seeds[-1]))
        return [folder / f"seed-{seed:0{digits}d}.png" for seed in seeds]
    name = f"{stem}.png" if seeds[0] is None else f"{stem}-{seeds[0]}.png"
    path = Path(args.output or name)
    return [path / name if path.is_dir() else path]


def write_file(path: Path, data: bytes) -> None:
    """Write a whole file, its folder included. Raises InputError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise InputError("cannot_write", path=path, reason=reason) from None


def _onnx(args: argparse.Namespace) -> None:
    from studio.checkpoint import locate

    locate(args.model)
    from studio.export.onnx import pack_onnx
    from studio.model import Model

    model, path = Model.open(args.model), Path(args.output)
    write_file(path, pack_onnx(model))
    inputs = {"layers": model.layers, "w_dim": model.w_dim}
    answer(args, {"path": str(path), **inputs}, [text("cli.render.wrote", path=path)])


def _show(args: argparse.Namespace) -> None:
    from studio.export.work import read_work
    from studio.filmed import is_film

    if is_film(Path(args.picture)):
        return _show_film(args)
    work = read_work(Path(args.picture))
    recipe = work.recipe.to_dict()
    state = _state_of_model(work.recipe)
    value: dict[str, Any] = {
        "recipe": recipe,
        "model_fingerprint": work.fingerprint,
        "installed": state != "missing",
        "changed": state == "changed",
        "form": asdict(work.form),
        **_marks(work),
    }
    named = text(f"cli.show.{state}", model=work.recipe.model)
    lines = [
        text("cli.show.model", state=named, fingerprint=work.fingerprint),
        text("cli.show.recipe", recipe=work.recipe.to_json()),
        *(text(f"cli.show.{key}", told=told) for key, told in _told(work).items()),
    ]
    if args.verify:
        compared = _verify(work)
        value |= asdict(compared)
        lines.append(_sentence_of(compared))
    if args.why:
        told = _why(work.recipe)
        value["why"] = told
        lines = [*lines, "", *told[person_language()]]
    if args.near:
        from studio.export.work_card import tell_near

        found = look_near(work.recipe)
        value |= found
        lines = [*lines, "", *tell_near(found, person_language())]
    answer(args, value, lines)


def _show_film(args: argparse.Namespace) -> None:
    from studio.filmed import read_film, verify_film

    film = read_film(Path(args.picture))
    recipe = film.order.plan.keyframes[0].recipe
    state = _state_of_model(recipe)
    value = {
        "recipe": recipe.to_dict(),
        "film": film.told,
        "model_fingerprint": film.fingerprint,
        "installed": state != "missing",
        "changed": state == "changed",
    }
    named = text(f"cli.show.{state}", model=recipe.model)
    lines = [
        text("cli.show.model", state=named, fingerprint=film.fingerprint),
        text("cli.show.film", plan=json.dumps(film.told["plan"], ensure_ascii=False)),
    ]
    if args.verify:
        from studio.checkpoint import locate

        locate(recipe.model)
        from studio.model import Model

        compared = verify_film(film, Model.open(recipe.model))
        value |= asdict(compared)
        lines.append(_sentence_of(compared))
    return answer(args, value, lines)


def _told(work: SavedWork) -> dict[str, str]:
    """Give what a file says of itself to other programs, as far as it does."""
    names = {
        "description": "dc:description",
        "source": "dc:source",
        "creator": "dc:creator",
        "rights": "dc:rights",
    }
    return {key: work.marks[name] for key, name in names.items() if name in work.marks}


def _marks(work: SavedWork) -> dict[str, Any]:
    from studio.export.metadata import AI_MADE

    kind = work.marks.get("Iptc4xmpExt:DigitalSourceType")
    told = {"ai_made": kind == AI_MADE, "digital_source_type": kind}
    return {**told, "marks": _told(work)}


def look_near(recipe: Recipe) -> dict[str, Any]:
    """Tell which pictures that its model learnt from a work comes nearest to."""
    from studio.checkpoint import locate, read_card

    folder = locate(recipe.model)
    from studio.evaluation.nearness import find_near

    def see() -> np.ndarray:
        from studio.model import Model

        return Model.open(recipe.model).render([recipe])[0]

    return find_near(folder, read_card(folder), see)


def _why(recipe: Recipe) -> dict[str, list[str]]:
    """Give the paragraphs of a work's wall text by language."""
    from studio.checkpoint import locate

    locate(recipe.model)
    from studio.latent.explanation import explain
    from studio.latent.usual import look_at, usual_of
    from studio.latent.wall_text import tell
    from studio.model import Model

    model = Model.open(recipe.model)
    model.check(recipe)
    look = look_at(model, recipe, usual_of(model))
    found = explain(model.card, recipe, look)
    return {language: tell(found, language) for language in LANGUAGES}


def _verify(work: SavedWork) -> Comparison:
    from studio.checkpoint import locate

    # A model that is not there is told before torch loads.
    locate(work.recipe.model)
    from studio.export.work import verify
    from studio.model import Model

    return verify(Model.open(work.recipe.model), work)


def _state_of_model(recipe: Recipe) -> str:
    from studio.checkpoint import fingerprint, locate

    try:
        now = fingerprint(locate(recipe.model))
    except ModelError:
        return "missing"
    return "installed" if now == recipe.fingerprint else "changed"


def _sentence_of(compared: Comparison) -> str:
    if compared.max_abs_difference is None:
        return text("cli.verify.different_size")
    kind = "match" if compared.match else "different"
    kind = "identical" if compared.identical else kind
    told = text(f"cli.verify.{kind}", difference=compared.max_abs_difference)
    return f"{told} {text('cli.verify.again')}" if compared.encoded_again else told
