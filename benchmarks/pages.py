"""The two pages that are measured, and how to start and show them."""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness import Page

SHOWN_PX = 256

STUDIO = Page(
    range="#reverie .direction input[type=range]",
    picture="#reverie canvas",
    style="#reverie canvas { width: 256px !important; height: 256px !important; }",
)
DEFAULT_WAY = Page(
    range="#slider input[type=range]",
    picture="#picture img",
    style="#picture img { width: 256px !important; height: 256px !important; }",
)


def studio_command() -> list[str]:
    return ["app.py"]


def default_way_command(model: Path) -> list[str]:
    return ["-m", "benchmarks.default_way", str(model)]
