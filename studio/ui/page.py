"""The page: Gradio's shell, and the director's room inside it.

Gradio owns the shell, its tabs and its API; the director is our own ES modules.
The room is part of the first bytes of the page (``opening``), so a work is on
screen before Gradio has loaded, and moves into Gradio's slot when that mounts.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from studio.ui.opening import Opening

TITLE = "Reverie"
SLOT = "reverie-slot"

# The server functions of a gr.HTML are only handed to its own script.
HAND_OVER = """
window.reverieServer = server;
window.dispatchEvent(new Event("reverie:server"));
"""

NIGHT = "#141210"
INK = "#d9d2c5"
LAMP = "#d9a560"
FONTS = ("Source Sans 3", "Noto Sans", "Noto Sans CJK SC", "system-ui", "sans-serif")


def build() -> tuple[gr.Blocks, dict[str, Any]]:
    """Return the page and what ``launch`` needs besides address, routes and guards."""
    with gr.Blocks(title=TITLE, fill_width=True, analytics_enabled=False) as blocks:
        _create()
    return blocks, {
        "theme": _theme(),
        "footer_links": [],
        "run_history": False,
        "app_kwargs": {"middleware": [Middleware(Opening)]},
    }


def _create() -> None:
    """The page of the director; later pages become tabs beside this one."""
    from studio.server.fallback import frame

    gr.HTML(
        html_template=f'<div id="{SLOT}"></div>',
        js_on_load=HAND_OVER,
        server_functions=[frame],
        apply_default_css=False,
        elem_id="reverie-page",
    )


def _theme() -> gr.themes.Base:
    """Night in both of Gradio's modes: the room has no daylight."""
    theme = gr.themes.Base(
        primary_hue=gr.themes.colors.amber,
        neutral_hue=gr.themes.colors.stone,
        font=FONTS,
        font_mono=("ui-monospace", "Noto Sans Mono", "monospace"),
    )
    theme.set(
        body_background_fill_dark=NIGHT,
        background_fill_primary_dark=NIGHT,
        body_text_color_dark=INK,
        button_primary_background_fill_dark=LAMP,
        button_primary_text_color_dark=NIGHT,
        color_accent=LAMP,
    )
    for name, value in list(vars(theme).items()):
        # What has no night of its own is the same by day.
        if name.endswith("_dark") and value is not None:
            setattr(theme, name.removesuffix("_dark"), value)
    return theme
