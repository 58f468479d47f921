"""From the slider under the hand to the pixels on the screen.

    python -m benchmarks.live [MODEL]

Starts the real studio and, beside it, the default way (benchmarks/default_way.py)
with the same model, and drives both in headless Chromium at 256 px, in turns: three
rounds each, medians of the rounds. A step counts from the input event to the first
animation frame in which the picture is nearer its end than its beginning.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.harness import (
    ROOT,
    Page,
    Server,
    ask,
    chromium,
    medians,
    model_folder,
    percentile,
    report,
    room_with,
    serving,
    visiting,
)
from benchmarks.pages import DEFAULT_WAY, STUDIO, default_way_command, studio_command

ROUNDS = 3
STEPS = 30
WARM_UP = 3
DRAG_S = 4.0


def slider_values(page: Page, count: int) -> list[float]:
    """Places on the slider, each at least a third of its length from the last."""
    golden = 0.618034
    length = page.high - page.low
    return [round(page.low + length * (n * golden % 1), 2) for n in range(1, count + 1)]


def one_round(context: Any, server: Server, page: Page) -> dict[str, float]:
    """Single steps, then a drag, in a tab of their own."""
    values = slider_values(page, WARM_UP + STEPS)
    with visiting(context, server, page) as tab:
        steps = ask(tab, "steps", page.range, page.picture, values, page.rest_ms)
        drag = ask(tab, "drag", page.range, page.picture, page.low, page.high, DRAG_S)
    times = [step["ms"] for step in steps[WARM_UP:] if step]
    if not times:
        raise RuntimeError(f"no step on {server.url} ever changed the picture")
    return {
        "p50_ms": round(percentile(times, 0.5), 1),
        "p95_ms": round(percentile(times, 0.95), 1),
        "fps": round(drag["fps"], 1),
        "missed": STEPS - len(times),
    }


def first_visit(context: Any, server: Server) -> dict[str, float]:
    """Seconds and ms from the launch and from the HTML to the picture, first tab."""
    tab = context.new_page()
    tab.goto(server.url, wait_until="commit")
    seen = ask(tab, "opening", STUDIO.picture)
    tab.close()
    return {
        "cold_start_s": round(seen["first_picture_at"] / 1000 - server.started, 1),
        "first_picture_ms": round(seen["first_picture_ms"]),
        "drift_ms": round(seen["drift_ms"]),
    }


def model_cost(folder: Path) -> dict[str, Any]:
    """What `python -m benchmarks.model` says, measured with nothing else running."""
    command = [sys.executable, "-m", "benchmarks.model", str(folder)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return dict(json.loads(answer.stdout))


def in_turns(context: Any, ours: Server, theirs: Server) -> list[dict[str, Any]]:
    """ROUNDS rounds of each, one after the other, never at once."""
    return [
        {
            "studio": one_round(context, ours, STUDIO),
            "default_way": one_round(context, theirs, DEFAULT_WAY),
        }
        for _ in range(ROUNDS)
    ]


def measure(name: str) -> dict[str, Any]:
    """The whole answer; `ratio` is the studio's figure over the default way's."""
    folder = model_folder(name)
    with room_with(folder) as room, chromium() as context:
        cost = model_cost(folder)
        with serving(studio_command(), room) as ours:
            opening = first_visit(context, ours)
            with serving(default_way_command(folder), room) as theirs:
                rounds = in_turns(context, ours, theirs)
                memory = ours.rss_mb()
    studio = medians([one["studio"] for one in rounds])
    baseline = medians([one["default_way"] for one in rounds])
    return {
        **studio,
        "baseline": baseline,
        "ratio": {
            key: round(studio[key] / baseline[key], 2) for key in ("p50_ms", "fps")
        },
        "model_ms": cost["model_ms"],
        "batch16_gain": cost["batch16_gain"],
        "rss_mb": round(memory),
        **opening,
        "model": cost["model"],
        "rounds": rounds,
    }


if __name__ == "__main__":
    report(measure, "Slider to pixels, beside the default way.")
