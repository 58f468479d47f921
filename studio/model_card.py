"""A model told to people: its report as a card keeps it, and a model card in Markdown.

The Markdown is what a Hugging Face repository shows, front matter included; it says
what the checkpoint's own card knows and what nobody measured.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from studio.language import say, table

GAUGES = ("quality", "diversity", "honesty")
LEVELS = ("high", "middle", "low")
MEASURES = (
    ("quality", "kid", 1),
    ("quality", "swd", 1),
    ("quality", "density", 2),
    ("diversity", "coverage", 2),
)
KIND_HEADS = ("label", "real", "made", "reached", "possible")
HUB = ("en", "zh")  # the languages of the tags


def read_report(card: dict[str, Any], fingerprint: str) -> dict[str, Any] | None:
    """Give the report that a card keeps; None unless it is one, of these weights."""
    report = card.get("report")
    if not isinstance(report, dict) or report.get("fingerprint") != fingerprint:
        return None
    try:
        return report if _is_sane(report) else None
    except (KeyError, TypeError, AttributeError):
        return None


def _is_sane(report: dict[str, Any]) -> bool:
    gauges, copies = report["gauges"], report["copies"]
    levels = [gauge["level"] in LEVELS for gauge in gauges.values()]
    numbers = [gauge["value"] for gauge in gauges.values()]
    for side in (report, report["real_vs_real"], report["mean_image"]):
        for kind, key, _, _ in list_measures(report):
            numbers += [side[kind][key]["mean"], side[kind][key]["deviation"]]
    if copies is not None:
        ratio = copies["ratio"]
        numbers += [copies["share"], 1.0 if ratio is None else ratio]
    counts = [report[key] for key in ("samples", "pictures", "compared")]
    known = {"quality", "diversity"} <= gauges.keys() <= set(GAUGES)
    sane = known and all(levels) and all(map(_is_number, (*numbers, *counts)))
    return sane and _are_kinds(report.get("labels")) and _are_nearest(copies)


def list_measures(report: dict[str, Any]) -> list[tuple[str, str, int, str]]:
    """Give the kind, key, decimal places and scale, if any, of each number told."""
    found = []
    for kind, key, digits in MEASURES:
        found.append((kind, key, digits, ""))
        if key == "swd":
            scales = [scale for scale in report[kind] if scale.startswith("swd_")]
            found += [(kind, scale, digits, scale[4:]) for scale in scales]
    return found


def sentence_of(name: str, gauge: dict[str, Any]) -> str:
    """Give the key of the sentence that tells what a gauge says."""
    clings = gauge.get("clings") and gauge["level"] != "high"
    return f"cli.evaluate.{name}.{'clings' if clings else gauge['level']}"


def _are_kinds(labels: Any) -> bool:
    if labels is None:
        return True
    rows = labels["each"]
    return all(
        row["level"] in (*LEVELS, None) and type(row["label"]) is str for row in rows
    )


def _are_nearest(copies: dict[str, Any] | None) -> bool:
    rows = (copies or {}).get("nearest", [])
    return all(type(row["seed"]) is int and _is_number(row["distance"]) for row in rows)


def tell_kinds(labels: dict[str, Any] | None, language: str) -> Iterator[str]:
    """Give which labels a model can make, well, in part and hardly, in sentences."""
    rows = labels["each"] if labels else []
    words = table(language)
    for level in (*LEVELS, None):
        named = [
            words.get(f"word.{row['label']}", row["label"])
            for row in rows
            if row["level"] == level
        ]
        if named:
            kinds = say("why.comma", language).join(named)
            yield say(f"report.kinds.{level or 'unread'}", language, kinds=kinds)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def write_card(
    card: dict[str, Any], name: str, fingerprint: str, language: str = "en"
) -> str:
    """Give a model card in Markdown with a Hugging Face repository's front matter."""
    report = read_report(card, fingerprint)
    title = words_of(card, "title", language) or name
    parts = [
        _front_matter(card, name, title),
        f"# {plain(title)}\n",
        say("card.about", language, family=say(f"card.{_family(card)}", language)),
        *_section("data", _data(card, language), language),
        *_section("training", _training(card, fingerprint, language), language),
        *_section("quality", _quality(report, language), language),
        *_section("limits", _limits(card, report, language), language),
        *_section("use", [_use(name)], language),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _front_matter(card: dict[str, Any], name: str, title: str) -> str:
    """A string in JSON is one in YAML."""
    family = _family(card)
    lines = [
        "---",
        f"pretty_name: {json.dumps(title, ensure_ascii=False)}",
        "license: other",
        "license_name: see-rights-of-the-pictures",
        "license_link: README.md",
        "language:",
        *(f"- {language}" for language in HUB),
        "pipeline_tag: unconditional-image-generation",
        "library_name: reverie",
        "tags:",
        *(f"- {tag}" for tag in ("art", "image-generation", family, "reverie")),
        f"model_name: {json.dumps(name, ensure_ascii=False)}",
        "---",
        "",
    ]
    return "\n".join(lines)


def _section(name: str, lines: list[str], language: str) -> list[str]:
    return ["", f"## {say(f'card.{name}', language)}", "", *lines]


def _data(card: dict[str, Any], language: str) -> list[str]:
    data = card["data"]
    lines = []
    for key in ("description", "source", "credit", "rights"):
        if words := words_of(card, key, language):
            name = say(f"ui.about.{key}", language)
            told = say("card.told", language, name=name, words=plain(words))
            lines.append(f"- {told}")
    if not words_of(card, "rights", language):
        lines.append(f"- {say('card.rights.unknown', language)}")
    count = {"images": _count(data.get("images")), "held": _count(data.get("held_out"))}
    lines.append(f"- {say('card.pictures', language, **count)}")
    if isinstance(mark := data.get("fingerprint"), str):
        lines.append(f"- {say('card.fingerprint', language, mark=plain(mark))}")
    return lines


def _training(card: dict[str, Any], fingerprint: str, language: str) -> list[str]:
    """Tell time and energy, those of the trainings that this one went on from too."""
    runs = list(_runs(card["training"]))
    metered = [run for run in runs if _is_number(run.get("energy_wh"))]
    hours = sum(run["minutes"] for run in runs if _is_number(run.get("minutes"))) / 60
    images = sum(r["images_seen"] for r in runs if _is_number(r.get("images_seen")))
    told: dict[str, Any] = {"hours": f"{hours:.1f}", "runs": len(runs)}
    height, width = card["resolution"]
    lines = [
        say("card.time", language, **told, images=f"{images:,}"),
        say("card.size", language, height=height, width=width),
        say("card.weights", language, mark=fingerprint),
    ]
    if metered:
        energy = f"{sum(run['energy_wh'] for run in metered):.1f}"
        told = {"energy": energy, "metered": len(metered), "runs": len(runs)}
        assumed = any(run.get("energy_source") == "cpu_time" for run in metered)
        key = "card.energy.assumed" if assumed else "card.energy.metered"
        lines.append(say(key, language, **told))
    else:
        lines.append(say("card.energy.unknown", language))
    return [f"- {line}" for line in lines]


def _runs(training: Any) -> Iterator[dict[str, Any]]:
    while isinstance(training, dict):
        yield training
        training = training.get("before")


def _quality(report: dict[str, Any] | None, language: str) -> list[str]:
    if report is None:
        return [say("card.unmeasured", language)]
    return [*_gauges(report, language), "", *_table(report, language)]


def _gauges(report: dict[str, Any], language: str) -> Iterator[str]:
    for name, gauge in report["gauges"].items():
        value = f"{100 * gauge['value']:.0f}"
        named = say(f"gauge.{name}", language)
        sentence = say(sentence_of(name, gauge), language)
        told = say("cli.evaluate.gauge", language, name=named, value=value)
        yield f"- {told} {sentence}"
    if "honesty" not in report["gauges"]:
        yield f"- {say('cli.evaluate.strangers', language)}"


def _table(report: dict[str, Any], language: str) -> Iterator[str]:
    told = {key: report[key] for key in ("samples", "pictures", "features", "compared")}
    yield say("card.measured", language, **told)
    yield ""
    sides = ("works", "real", "blank")
    heads = [say(f"report.{side}", language) for side in ("measure", *sides)]
    yield f"| {' | '.join(heads)} |"
    yield "|---|---|---|---|"
    for kind, key, digits, scale in list_measures(report):
        pairs = [
            side[kind][key]
            for side in (report, report["real_vs_real"], report["mean_image"])
        ]
        cells = [f"{p['mean']:.{digits}f} ± {p['deviation']:.{digits}f}" for p in pairs]
        name = "report.swd_at" if scale else f"report.{key}"
        named = say(name, language, **({"height": scale} if scale else {}))
        yield f"| {named} | {' | '.join(cells)} |"
    yield ""
    yield from _kinds_table(report.get("labels"), language)
    yield from (
        f"{plain(told)}  " for told in tell_kinds(report.get("labels"), language)
    )
    if (copies := report["copies"]) is not None:
        share = f"{100 * copies['share']:.1f}"
        yield ""
        if "remembered" in copies:
            count = copies["remembered"]
            yield say("cli.evaluate.remembered", language, pictures=count)
        yield say("cli.evaluate.share", language, share=share)
        if "close" in copies:
            close = f"{100 * copies['close']:.1f}"
            yield say("cli.evaluate.close", language, close=close)
        if copies["ratio"] is not None:
            ratio = f"{copies['ratio']:.2f}"
            yield say("cli.evaluate.ratio", language, ratio=ratio)


def _kinds_table(labels: dict[str, Any] | None, language: str) -> Iterator[str]:
    """Tell of each label how often it is seen, and how much of it is reached."""
    rows = labels["each"] if labels else []
    if not rows or not all(isinstance(row.get("reached"), dict) for row in rows):
        return
    yield say("report.kind.told", language)
    yield ""
    heads = (say(f"report.kind.{head}", language) for head in KIND_HEADS)
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(KIND_HEADS)}"
    words = table(language)
    for row in rows:
        made = "–" if row["made"] is None else f"{100 * row['made']:.0f} %"
        shares = (f"{100 * row['real']:.0f} %", made)
        pairs = (row["reached"], row["possible"])
        told = (f"{p['mean']:.2f} ± {p['deviation']:.2f}" for p in pairs)
        name = plain(words.get(f"word.{row['label']}", row["label"]))
        yield f"| {' | '.join((name, *shares, *told))} |"
    yield ""


def _limits(
    card: dict[str, Any], report: dict[str, Any] | None, language: str
) -> list[str]:
    keys = ["only", "small", "rights"]
    if report is None or "honesty" not in report["gauges"]:
        keys.append("copies")
    if report is not None:
        keys += [
            name
            for name in ("quality", "diversity")
            if report["gauges"][name]["level"] != "high"
        ]
    height, width = card["resolution"]
    told = {"height": height, "width": width}
    return [f"- {say(f'card.limit.{key}', language, **told)}" for key in keys]


def _use(name: str) -> str:
    return f"```bash\npython -m studio render {plain(name)} --seed 7 -o work.png\n```"


def _family(card: dict[str, Any]) -> str:
    return "vae" if card["family"] == "vae" else "gan"


def words_of(card: dict[str, Any], key: str, language: str) -> str:
    """Give what a card says in a language, or as it was first said."""
    data = card["data"]
    translations = data.get("translations")
    said = translations.get(language) if isinstance(translations, dict) else None
    first = card["title"] if key == "title" else data.get(key)
    for words in (said.get(key) if isinstance(said, dict) else None, first):
        if isinstance(words, str) and words:
            return words
    return ""


def plain(words: str) -> str:
    """Give words on one line that Markdown does not read as anything else."""
    line = " ".join(words.split())
    for sign in "\\`*_<>[]|#":
        line = line.replace(sign, f"\\{sign}")
    return line


def _count(value: Any) -> str:
    return f"{value:,}" if _is_number(value) else "?"
