"""How soon a family tree of 2,000 works opens, and how it scrolls.

    python -m benchmarks.tree [MODEL]

The works are put into the browser's database, the page is loaded again, and the tree
is opened by its key. It is open when its rows are on the screen; it is scrolled from
end to end in two seconds, and the longest and the usual time between two animation
frames are told, beside those of the same page at rest.
"""

from __future__ import annotations

from typing import Any

from benchmarks.harness import (
    chromium,
    medians,
    model_folder,
    report,
    room_with,
    serving,
    visiting,
)
from benchmarks.pages import STUDIO, studio_command

WORKS = 2000
ROUNDS = 3
PLANT = """async (count) => {
  const { recipe, hand } = reverie.store.work;
  const moments = Array.from({ length: count }, (_, index) => ({
    id: `000000000-${String(index).padStart(6, "0")}`,
    parents: index
      ? [`000000000-${String(index - (index % 7 ? 1 : Math.min(5, index)))
          .padStart(6, "0")}`]
      : [],
    recipe: { ...recipe, source: { seed: index } }, hand, how: "seed", time: index,
  }));
  await reverie.history.takeIn(moments);
}"""
OPEN = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const start = performance.now();
  const press = { key: "t", bubbles: true };
  document.body.dispatchEvent(new KeyboardEvent("keydown", press));
  while (!document.querySelector(".tree-row")) await frame();
  await frame();
  return performance.now() - start;
}"""
SCROLL = """async (moving) => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const rows = document.querySelector(".tree-rows");
  const gaps = [];
  const start = await frame();
  let last = start;
  while (last - start < 2000) {
    const now = await frame();
    gaps.push(now - last);
    last = now;
    if (moving) rows.scrollTop = ((now - start) / 2000) * rows.scrollHeight;
  }
  gaps.sort((a, b) => a - b);
  return [gaps[gaps.length >> 1], gaps[gaps.length - 1]];
}"""
READY = "() => window.reverie?.store?.work"


def open_once(tab: Any) -> dict[str, float]:
    """Load the page again, open the tree and scroll it."""
    tab.reload()
    tab.wait_for_function(READY)
    tab.wait_for_timeout(3000)  # the picture has come and drifts
    opened = tab.evaluate(OPEN)
    still, moved = tab.evaluate(SCROLL, False), tab.evaluate(SCROLL, True)
    return {
        "open_ms": opened,
        "rest_frame_ms": still[0],
        "scroll_frame_ms": moved[0],
        "scroll_longest_ms": moved[1],
    }


def measure(name: str) -> dict[str, Any]:
    """Medians of ROUNDS openings of a tree of WORKS works."""
    folder = model_folder(name)
    with (
        room_with(folder) as room,
        chromium() as context,
        serving(studio_command(), room) as server,
        visiting(context, server, STUDIO) as tab,
    ):
        tab.wait_for_function(READY)
        tab.evaluate(PLANT, WORKS)
        return {"works": WORKS, **medians([open_once(tab) for _ in range(ROUNDS)])}


if __name__ == "__main__":
    report(measure, "A family tree of 2,000 works.")
