"""Model time for one work and for sixteen at once.

python -m benchmarks.model [MODEL]
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from benchmarks.harness import model_folder, percentile, report

if TYPE_CHECKING:
    from studio.model import Model

ROUNDS = 40
WARM_UP = 5


def times_ms(model: Model, batch: int) -> list[float]:
    """Milliseconds of ROUNDS warm calls of Model.render, each on `batch` new seeds."""
    taken = []
    for call in range(WARM_UP + ROUNDS):
        recipes = [model.recipe(call * batch + seed) for seed in range(batch)]
        start = time.perf_counter()
        model.render(recipes)
        taken.append(1000 * (time.perf_counter() - start))
    return taken[WARM_UP:]


def measure(name: str) -> dict[str, Any]:
    """Medians in ms; `batch16_gain` is images/s at batch 16 over batch 1."""
    from studio.model import Model

    folder = model_folder(name)
    start = time.perf_counter()
    model = Model.open(str(folder))
    open_s = time.perf_counter() - start
    one = times_ms(model, 1)
    sixteen = percentile(times_ms(model, 16), 0.5)
    return {
        "model": model.name,
        "resolution": list(model.resolution),
        "open_s": round(open_s, 2),
        "model_ms": round(percentile(one, 0.5), 2),
        "model_p95_ms": round(percentile(one, 0.95), 2),
        "batch16_ms": round(sixteen, 2),
        "batch16_gain": round(16 * percentile(one, 0.5) / sixteen, 2),
    }


if __name__ == "__main__":
    report(measure, "Model time for one work and for sixteen at once.")
