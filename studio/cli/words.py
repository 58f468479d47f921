"""The verb about words: what a model understands of a phrase."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
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
    parser.add_argument("--seed", default="0", metavar="N", help=text("cli.help.seed"))


def check_phrase(phrase: str) -> str:
    """Return the phrase if it says something and not too much. Raises InputError."""
    from studio.latent.phrases import read_phrase

    if not phrase.strip():
        raise InputError("words_empty")
    read_phrase(phrase, lambda key: None)
    return phrase


def _words(args: argparse.Namespace) -> None:
    phrase, seed = check_phrase(args.phrase), Recipe.parse_seed(args.seed)
    from studio.latent.words import direct, temper, understand, vocabulary

    folder = locate(args.model)
    card = read_card(folder)
    found = temper(understand(phrase, vocabulary(card)), card)
    variety = float(card["default_variety"])
    plain = Recipe(model_name(folder), fingerprint(folder), Seed(seed), variety)
    recipe = direct(plain, found, card)
    value = found.to_dict() | {"recipe": recipe.to_dict()}
    answer(
        args, value, [*_lines(value), text("cli.words.recipe", recipe=recipe.to_json())]
    )


def _lines(found: dict[str, Any]) -> Iterator[str]:
    for part in found["understood"]:
        amount, sure = f"{part['amount']:+g}", round(100 * part["confidence"])
        named = {"text": part["text"], "word": part["word"]}
        yield text("cli.words.part", **named, amount=amount, sure=sure)
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
