"""The two pages that are measured, and how to start and show them."""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness import Page

SHOWN = "{} {{ width: 256px !important; height: 256px !important; }}"

STUDIO = Page(
    range="#reverie-room .first input[type=range]",
    picture=(
        "#reverie-room .is-settled canvas.settled",
        "#reverie-room .has-picture canvas.live",
        "#reverie-room img.preview",
    ),
    style=SHOWN.format("#reverie-room .frame"),
)
DEFAULT_WAY = Page(
    range="#slider input[type=range]",
    picture=("#picture img",),
    style=SHOWN.format("#picture img"),
)


def studio_command() -> list[str]:
    return ["app.py"]


def default_way_command(model: Path) -> list[str]:
    return ["-m", "benchmarks.default_way", str(model)]
