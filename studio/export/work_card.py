"""The card of one work, in Markdown, to keep beside it: what it is and how new.

Its recipe in words and whole, the pictures it comes nearest to, novelty and
plausibility as two numbers, the works it was bred from, and the rights to respect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from studio.language import say
from studio.model_card import plain, words_of
from studio.recipe import Recipe
from studio.recipe_parts import Blend, Seed

WHOLE = 8 * 1024  # characters of a recipe that are written out; longer: in the file


def write_work_card(
    recipe: Recipe,
    card: dict[str, Any],
    found: dict[str, Any],
    language: str = "en",
    parents: Sequence[Recipe] = (),
) -> str:
    """Give the card of a work of the model whose `card` it is.

    `found` is what `find_near` told of it.
    """
    model = plain(words_of(card, "title", language) or recipe.model)
    source = _source(recipe, language)
    parts = [
        f"# {model} · {source}\n",
        say("work.about", language, model=model),
        *_section("recipe", _recipe(recipe, language), language),
        *_section("creativity", list(tell_near(found, language, plain)), language),
        *_section("parents", _parents(recipe, parents, language), language),
        *_section("rights", _rights(card, language), language),
    ]
    return "\n".join(parts).rstrip() + "\n"


def tell_near(
    found: dict[str, Any], language: str, named: Callable[[str], str] = str
) -> Iterator[str]:
    """Give what `find_near` told as sentences: both numbers, then the pictures.

    `named` writes the name of a file as it is to be read.
    """
    near, problem = found["near"], found["problem"]
    if near is None:
        yield say(f"error.{problem['code']}", language, **problem["params"])
        return
    if near["copy"]:
        yield say("near.copy", language)
    shares = {key: f"{100 * near[key]:.0f}" for key in ("novelty", "plausibility")}
    told = {"pictures": near["pictures"], "share": shares["novelty"]}
    yield say(f"near.{near['level']}", language, **told)
    told["share"] = shares["plausibility"]
    yield say(f"plausible.{near['plausible']}", language, **told)
    for each in near["nearest"]:
        numbers = {name: f"{each[name]:.2f}" for name in ("distance", "bound")}
        if each["by"] == "features":
            numbers["usual"] = f"{near['usual']:.2f}"
        name = named(each["file"])
        file = say("near.turned", language, file=name) if each["mirrored"] else name
        yield say(f"near.{each['by']}", language, file=file, **numbers)


def _section(name: str, lines: Sequence[str], language: str) -> list[str]:
    listed = [line if "```" in line else f"- {line}" for line in lines]
    return ["", f"## {say(f'work.{name}', language)}", "", *listed]


def _recipe(recipe: Recipe, language: str) -> list[str]:
    told = {"model": plain(recipe.model), "mark": recipe.fingerprint}
    lines = [
        say("work.model", language, **told),
        say("work.variety", language, variety=f"{recipe.variety:g}"),
    ]
    for key, pairs in (("led", recipe.directions), ("kinds", recipe.kinds)):
        if pairs:
            lines.append(say(f"work.{key}", language, words=_list(pairs)))
    text = recipe.to_json()
    if len(text) > WHOLE:
        return [*lines, say("work.long", language)]
    return [*lines, f"\n```json\n{text}\n```"]


def _source(recipe: Recipe, language: str) -> str:
    source = recipe.source
    if isinstance(source, Seed):
        return say("work.seed", language, seed=source.seed)
    if isinstance(source, Blend):
        seeds = ", ".join(str(seed) for seed, _ in source.pairs)
        return say("work.blend", language, seeds=seeds)
    return say("work.place", language)


def _parents(recipe: Recipe, parents: Sequence[Recipe], language: str) -> list[str]:
    """Those that the history knows, and other works that the recipe is mixed of."""
    lines = [_parent(parent, language) for parent in parents]
    if recipe.mix:
        lines.append(say("work.mixed", language, count=len(recipe.mix)))
    return lines or [say("work.no_parents", language)]


def _parent(parent: Recipe, language: str) -> str:
    source = _source(parent, language)
    if not parent.directions:
        return source
    words = _list(parent.directions)
    return say("work.parent", language, source=source, words=words)


def _list(pairs: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{plain(name)} {amount:+.2g}" for name, amount in pairs)


def _rights(card: dict[str, Any], language: str) -> list[str]:
    lines = [say("work.made", language)]
    if words := words_of(card, "rights", language):
        return [*lines, plain(words)]
    return [*lines, say("card.rights.unknown", language)]
