"""The verb about words: what a model understands of a phrase."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from studio.checkpoint import fingerprint, locate, model_name, read_card
from studio.cli.answer import add_verb, answer, text
from studio.errors import InputError
from studio.recipe import Recipe, Seed


def register(verbs: Any) -> None:
    """Declare the verb of this module."""
    parser = add_verb(verbs, "words", _words)
    parser.add_argument("model", metavar="MODEL", help=text("cli.argument.model"))
    parser.add_argument("phrase", metavar="PHRASE", help=text("cli.argument.phrase"))
    parser.add_argument("--seed", metavar="N", help=text("cli.help.words_seed"))


def check_phrase(phrase: str) -> str:
    """Return the phrase if it says something and not too much. Raises InputError."""
    from studio.latent.phrases import read_phrase

    if not phrase.strip():
        raise InputError("words_empty")
    read_phrase(phrase, lambda key: None)
    return phrase


def _words(args: argparse.Namespace) -> None:
    phrase = check_phrase(args.phrase)
    seed = None if args.seed is None else Recipe.parse_seed(args.seed)
    from studio.latent.words import direct, listen

    folder = locate(args.model)
    card = read_card(folder)
    found = listen(phrase, card, seek=seed is None)
    variety = float(card["default_variety"])
    source = Seed(seed or 0)
    recipe = Recipe(model_name(folder), fingerprint(folder), source, variety)
    recipe = direct(recipe, found, card)
    if seed is None and found.amounts:
        from studio.latent.starts import choose_start
        from studio.model import Model

        start = choose_start(found, recipe, 0, Model.open(args.model))
        recipe = replace(recipe, source=start)
    value = found.to_dict() | {"recipe": recipe.to_dict()}
    answer(
        args, value, [*_lines(value), text("cli.words.recipe", recipe=recipe.to_json())]
    )


def _lines(found: dict[str, Any]) -> Iterator[str]:
    for part in found["understood"]:
        amount, sure = f"{part['amount']:+g}", round(100 * part["confidence"])
        named = {"text": part["text"], "word": part["word"]}
        key = "sought" if part["source"] == "sought" else "part"
        yield text(f"cli.words.{key}", **named, amount=amount, sure=sure)
    for part in found["unknown"]:
        if part["nearest"]:
            yield text(
                "cli.words.unknown_near", text=part["text"], near=part["nearest"]
            )
        else:
            yield text("cli.words.unknown", text=part["text"])
    for part in found["contradictions"]:
        texts, words = ", ".join(part["texts"]), ", ".join(part["words"])
        yield text("cli.words.contradiction", texts=texts, words=words)
    if not found["understood"] and not found["unknown"]:
        yield text("cli.words.nothing")
