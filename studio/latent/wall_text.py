"""An explanation in sentences: wall text, as it hangs beside a work."""

from __future__ import annotations

from collections.abc import Sequence

from studio.language import say, table
from studio.latent.explanation import CLEARLY, STEP, Change, Explanation, Led, Trait
from studio.recipe import Blend, Kinds, Seed, Source

# From which amount on something is led so: deviations.
STRENGTHS = ((2.5, "far"), (1.25, "strongly"), (0.6, "clearly"), (0.0, "slightly"))
NUMBERED = 2  # numbered directions that are told, each in a sentence of its own
PLAIN = 0.3  # an effect (deviations) that is worth a word


def tell(found: Explanation, language: str) -> list[str]:
    """Return the paragraphs of an explanation: a title first, how it was made last."""
    paragraphs = [
        _title(found, language),
        [*_origin(found, language), *_direction(found, language)],
        [_comparison(found.traits, language), *_recognised(found, language)],
        _since(found, language),
        _made(found, language),
    ]
    between = "" if language == "zh" else " "
    return [text for part in paragraphs if (text := between.join(part).strip())]


def _title(found: Explanation, language: str) -> list[str]:
    source = found.recipe.source
    if isinstance(source, Seed):
        return [say("why.title.seed", language, seed=source.seed)]
    return [say("why.title", language)]


def _place(source: Source, language: str) -> str:
    if isinstance(source, Seed):
        return say("why.seed", language, seed=source.seed)
    if isinstance(source, Blend):
        pairs = sorted(source.pairs, key=lambda pair: -pair[1])[:4]
        whole = sum(weight for _, weight in source.pairs)
        shares = [
            say("why.share", language, name=seed, share=round(100 * weight / whole))
            for seed, weight in pairs
        ]
        return say("why.blend", language, seeds=_list(shares, language))
    return say("why.no_seed", language)


def _origin(found: Explanation, language: str) -> list[str]:
    recipe = found.recipe
    model = found.titles.get(language) or found.titles[""]
    place = _place(recipe.source, language)
    told = [say("why.origin", language, model=model, place=place)]
    if recipe.kinds:
        told.append(say("why.kinds", language, kinds=_kinds(recipe.kinds, language)))
    apart = recipe.variety - found.usual_variety
    if abs(apart) >= 2 * STEP:
        key = "why.variety.more" if apart > 0 else "why.variety.less"
        numbers = {"variety": _number(recipe.variety)}
        numbers["usual"] = _number(found.usual_variety)
        told.append(say(key, language, **numbers))
    for key, there in (
        ("why.mix", recipe.mix),
        ("why.patches", recipe.patches),
        ("why.residual", recipe.residual),
    ):
        if there:
            told.append(say(key, language))
    return told


def _kinds(kinds: Kinds, language: str) -> str:
    whole = sum(weight for _, weight in kinds)
    order = sorted(kinds, key=lambda pair: -pair[1])
    if len(order) == 1:
        return _word(order[0][0], language)
    return _list(
        [
            say(
                "why.share",
                language,
                name=_word(name, language),
                share=round(100 * weight / whole),
            )
            for name, weight in order
        ],
        language,
    )


def _direction(found: Explanation, language: str) -> list[str]:
    named = [one for one in found.led if one.kind != "numbered"]
    towards = [_led(one, language) for one in named if one.amount > 0]
    away = [_led(one, language) for one in named if one.amount < 0]
    told = []
    if named:
        both = {"towards": _row(towards, language), "away": _row(away, language)}
        way = ("both" if away else "towards") if towards else "away"
        told.append(say(f"why.led.{way}", language, **both))
    numbered = [one for one in found.led if one.kind == "numbered"]
    return told + [_numbered(one, language) for one in numbered[:NUMBERED]]


def _led(one: Led, language: str) -> str:
    how = next(name for least, name in STRENGTHS if abs(one.amount) >= least)
    way = "towards" if one.amount > 0 else "away"
    name = _word(one.name, language)
    if one.kind == "taught":
        name = say("why.own", language, word=name)
    return say(f"why.{way}.{how}", language, word=name)


def _numbered(one: Led, language: str) -> str:
    does = {n: e * one.amount for n, e in one.effects.items() if abs(e) >= PLAIN}
    known = [n for n in does if f"effect.{n}.plus" in table("en")]
    strongest = sorted(known, key=lambda n: -abs(does[n]))[:2]
    ends = [
        say(f"effect.{n}.{'plus' if does[n] > 0 else 'minus'}", language)
        for n in strongest
    ]
    numbers = {"name": one.name, "amount": _signed(one.amount)}
    if not ends:
        return say("why.numbered", language, **numbers)
    return say("why.numbered_as", language, ends=_list(ends, language), **numbers)


def _comparison(traits: Sequence[Trait], language: str) -> str:
    if not traits:
        return say("why.usual", language)
    parts = []
    for trait in traits:
        end = "plus" if trait.share >= 0.5 else "minus"
        share = max(trait.share, 1 - trait.share)
        # of a few hundred works nobody knows the last percent
        params = {"share": min(99, round(100 * share))}
        parts.append(say(f"why.{trait.name}.{end}", language, **params))
    first = say("why.of_works", language, first=parts[0])
    return say("why.compared", language, list=_row([first, *parts[1:]], language))


def _recognised(found: Explanation, language: str) -> list[str]:
    if not found.seen:
        return []
    words = [
        say(
            "why.seen.clearly" if one.amount >= CLEARLY else "why.seen.slightly",
            language,
            word=_word(one.name, language),
        )
        for one in found.seen
    ]
    return [say("why.seen", language, words=_list(words, language))]


def _since(found: Explanation, language: str) -> list[str]:
    if found.changes is None:
        return []
    if not found.changes:
        return [say("why.unchanged", language)]
    clauses = [_change(change, language) for change in found.changes]
    joined = say("why.semicolon", language).join(clauses)
    told = [say("why.since", language, changes=joined)]
    if found.moved:
        ranks = [
            say(
                "why.rose" if after > before else "why.fell",
                language,
                name=_word(name, language),
                before=_rank(before),
                after=_rank(after),
            )
            for name, before, after in found.moved
        ]
        told.append(say("why.moved", language, ranks=_row(ranks, language)))
    return told


def _change(change: Change, language: str) -> str:
    if change.what == "direction":
        word = _word(change.name, language)
        if not change.after:
            return say("why.change.dropped", language, word=word)
        by = _signed(change.after - change.before)
        return say("why.change.direction", language, word=word, amount=by)
    if change.what == "source":
        places = [_place(source, language) for source in (change.before, change.after)]
        return say("why.change.source", language, before=places[0], after=places[1])
    if change.what == "kinds":
        if not change.after:
            return say("why.change.no_kinds", language)
        kinds = _kinds(change.after, language)
        return say("why.change.kinds", language, kinds=kinds)
    if change.what == "variety":
        numbers = {"before": _number(change.before), "after": _number(change.after)}
        return say("why.change.variety", language, **numbers)
    key = "why.change.model" if change.what == "model" else "why.change.parts"
    return say(key, language, model=change.before)


def _made(found: Explanation, language: str) -> list[str]:
    if found.images is None:
        return [say("why.made", language)]
    return [say("why.made_of", language, images=f"{found.images:,}")]


def _word(name: str, language: str) -> str:
    """Give a word as it reads, or as labels spell it."""
    for key in (f"effect.{name}", f"word.{name}"):
        if key in table("en"):
            return say(key, language)
    return name.replace("_", " ")


def _list(items: Sequence[str], language: str, kind: str = "why") -> str:
    """Join nouns; `kind` is "why.clause" for what has a verb."""
    if len(items) < 2:
        return "".join(items)
    head = say(f"{kind}.comma", language).join(items[:-1])
    return say(f"{kind}.and", language, head=head, last=items[-1])


def _row(items: Sequence[str], language: str) -> str:
    return _list(items, language, "why.clause")


def _rank(share: float) -> int:
    return min(100, max(1, round(100 * share)))


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else '−'}{abs(value):.1f}"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
