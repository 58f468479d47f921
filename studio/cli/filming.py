"""The verbs that make films: of works, and of a dream that is told."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.cli import options
from studio.cli.answer import add_verb, answer, text
from studio.errors import InputError, RecipeError
from studio.recipe import FORMAT, SEED_MAX, Recipe

if TYPE_CHECKING:
    from studio.filming import Made, Plan
    from studio.latent.dream import Moment
    from studio.model import Model

FPS, SIDE = "24", "512"
SECONDS = (0.1, 1800.0)
LONGEST_MUSIC = 600.0  # seconds of a sound that make a film by themselves
WORKS = 500


def register(verbs: Any) -> None:
    """Declare the verbs of this module."""
    film = add_verb(verbs, "film", _film)
    film.add_argument(
        "works", metavar="PNG", nargs="*", help=text("cli.argument.works")
    )
    film.add_argument("--loop", action="store_true", help=text("cli.help.loop"))
    film.add_argument("--around", action="store_true", help=text("cli.help.around"))
    film.add_argument("--along", metavar="WORD", help=text("cli.help.along"))
    film.add_argument("--easing", metavar="E", help=text("cli.help.easing"))
    _declare_film(film)
    dream = add_verb(verbs, "dream", _dream)
    dream.add_argument("model", metavar="MODEL", help=text("cli.argument.model"))
    for option, name in (("--text", "TEXT"), ("--file", "FILE"), ("--seed", "N")):
        words = text(f"cli.help.dream_{option[2:]}")
        dream.add_argument(option, metavar=name, help=words)
    dream.add_argument("--bare", action="store_true", help=text("cli.help.bare"))
    _declare_film(dream)


def _declare_film(parser: argparse.ArgumentParser) -> None:
    for option, name, key in (
        ("--seconds", "S", "film_seconds"),
        ("--fps", "N", "fps"),
        ("--size", "S", "size"),
        ("--music", "FILE", "music"),
    ):
        parser.add_argument(option, metavar=name, help=text(f"cli.help.{key}"))
    parser.add_argument(
        "--drive",
        action="append",
        default=[],
        metavar="H=D:A",
        help=text("cli.help.drive"),
    )
    output = text("cli.help.film_output")
    parser.add_argument("-o", "--output", metavar="FILE", help=output)


class _Wishes:
    """What the options ask of a film, read before any model is there."""

    def __init__(self, args: argparse.Namespace, name: str) -> None:
        from studio.export.film import FRAMES_PER_SECOND, check_suffix
        from studio.export.sound import open_sound
        from studio.filming import read_drives

        self.path = check_suffix(Path(args.output or f"{name}.mp4"))
        typed = args.fps or FPS
        self.fps = options.parse_whole(typed, "--fps", *FRAMES_PER_SECOND)
        self.side = options.parse_size(args.size or SIDE)
        told = args.seconds
        self.seconds = None if told is None else options.parse_seconds(told, *SECONDS)
        self.sound = None if args.music is None else open_sound(Path(args.music))
        if self.sound is not None and self.seconds is None:
            self.seconds = min(self.sound.seconds, LONGEST_MUSIC)
        self.drives = read_drives([options.parse_drive(typed) for typed in args.drive])

    def make(self, model: Model, plan: Plan, quiet: bool) -> Made:
        """Write the film, telling on stderr how far it is."""
        from studio.export.film import Format
        from studio.filming import Order, make_film, rendering
        from studio.latent.drives import usual_drives

        drives = self.drives or (usual_drives(model.card) if self.sound else ())
        shape = Format.of(options.fit_size(self.side, model.resolution), self.fps)
        order = Order(plan, shape, self.sound, drives)
        walk = plan.walk(model)
        progress = _Progress(quiet)
        with rendering(model) as render:
            made = make_film(self.path, order, walk, model.card, render, progress)
        progress.end()
        if made.silent:
            print(text("cli.film.silent"), file=sys.stderr)
        if made.track:
            print(text("cli.film.track", count=made.track), file=sys.stderr)
        return made

    def told(self, made: Made) -> dict[str, Any]:
        """Return what scripts read of a film."""
        return {"path": str(self.path), "fps": self.fps, **made.to_dict()}


class _Progress:
    """Tells a person at a terminal how much of a film is made."""

    def __init__(self, quiet: bool) -> None:
        self._shown = not quiet and sys.stderr.isatty()
        self._last = -1

    def __call__(self, done: int, frames: int) -> bool:
        """Hear how many frames are done."""
        share = 100 * done // frames
        if self._shown and share != self._last:
            self._last = share
            print(f"\r{share:3} %", end="", file=sys.stderr, flush=True)
        return True

    def end(self) -> None:
        """Clear the line."""
        if self._shown:
            print("\r      \r", end="", file=sys.stderr, flush=True)


def _film(args: argparse.Namespace) -> None:
    if not args.works:
        raise InputError("film_empty")
    if len(args.works) > WORKS:
        raise InputError("film_long", count=len(args.works), limit=WORKS)
    if (args.around or args.along) and len(args.works) > 1:
        raise InputError("film_one_work")
    wishes = _Wishes(args, "film")
    from studio.filming import Plan, one_of
    from studio.latent.walk import EASINGS, Keyframe, check_keyframes

    easing = one_of(args.easing or "smooth", "--easing", EASINGS)
    works = [Keyframe(_read_work(typed), easing=easing) for typed in args.works]
    check_keyframes(works)
    model = _open(works[0].recipe.model)
    way = "along" if args.along else "around" if args.around else "through"
    amounts = find_word(args.along, model.card) if args.along else {}
    seconds = wishes.seconds
    if seconds is None and (way != "through" or len(works) == 1):
        seconds = 12.0
    if seconds is None:
        seconds = 6.0 * (len(works) - (not args.loop))
    plan = Plan(tuple(works), way, args.loop, tuple(amounts.items()), (), seconds)
    made = wishes.make(model, plan, args.json)
    answer(args, wishes.told(made), [text("cli.render.wrote", path=wishes.path)])


def _read_work(typed: str) -> Recipe:
    try:
        return Recipe.from_dict({"format": FORMAT, **options.load_recipe(typed)})
    except RecipeError as problem:
        raise problem
    except InputError:
        if not Path(typed).exists():
            raise InputError("work_missing", path=typed) from None
        raise


def _open(name: str) -> Model:
    from studio.checkpoint import locate

    locate(name)  # before torch loads
    from studio.model import Model

    return Model.open(name)


def find_word(typed: str, card: dict[str, Any]) -> dict[str, float]:
    """Give the directions that a word means to a model. Raises InputError for none."""
    names = {item["name"] for item in (*card.get("words", ()), *card["directions"])}
    if typed in names:
        return {typed: 1.0}
    from studio.latent.words import understand, vocabulary

    amounts = understand(typed, vocabulary(card)).amounts
    amounts = {name: amount for name, amount in amounts.items() if name in names}
    if not amounts:
        raise InputError("film_word", word=typed, model=card.get("title", ""))
    return amounts


def _dream(args: argparse.Namespace) -> None:
    told = _read_dream(args)
    from studio.latent import dream as dreams

    sentences = dreams.split(told)
    seed = Recipe.parse_seed(args.seed or "0")
    wishes = _Wishes(args, "dream")
    model = _open(args.model)
    heard = dreams.hear(sentences, model.card)
    base = model.recipe(seed)
    pool = dreams.Pool.of(model, base.variety, min(seed, SEED_MAX + 1 - dreams.POOL))
    moments = dreams.stage(model, sentences, heard, base, pool=pool)
    plan = dream_plan(moments, wishes.seconds)
    made = wishes.make(model, replace(plan, texts=()) if args.bare else plan, args.json)
    value = wishes.told(made)
    value["sentences"] = [moment.to_dict() for moment in moments]
    answer(args, value, [*_tell(moments), text("cli.render.wrote", path=wishes.path)])


def dream_plan(moments: Sequence[Moment], seconds: float | None) -> Plan:
    """Give the plan of a dream: a loop, its captions, calm where it would leap."""
    from studio.filming import Plan
    from studio.latent.dream import ALONE

    if seconds is None and len(moments) == 1:
        seconds = ALONE
    return Plan(
        tuple(moment.keyframe for moment in moments),
        loop=True,
        texts=tuple(moment.text for moment in moments),
        seconds=seconds,
        calm=True,
    )


def _read_dream(args: argparse.Namespace) -> str:
    if (args.text is None) == (args.file is None):
        raise InputError("dream_text_or_file")
    if args.text is not None:
        return str(args.text)
    try:
        if args.file == "-":
            return sys.stdin.read()
        return Path(args.file).read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        raise InputError("dream_file", file=args.file) from None


def _tell(moments: Sequence[Moment]) -> Iterator[str]:
    """Say what was understood of each sentence."""
    for moment in moments:
        words = (f"{word} {by:+g}" for word, by in moment.found.amounts.items())
        if known := ", ".join(words):
            yield text("cli.dream.part", text=moment.text, words=known)
        else:
            yield text("cli.dream.drifts", text=moment.text)
    if not any(moment.found.amounts for moment in moments):
        yield text("cli.dream.nothing")
