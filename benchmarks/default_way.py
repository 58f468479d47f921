"""The way a demo is usually written: gr.Slider.change -> gr.Image, all defaults.

    python -m benchmarks.default_way MODEL --port N

The studio is measured against it by `python -m benchmarks.live`: the same model, the
same slider, the same displayed size.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import gradio as gr
import numpy as np

from studio.model import Model

SHOWN_PX = 256
LIMIT = 4.0
STEP = 0.05


def build(model: Model) -> gr.Blocks:
    """One slider on the model's first direction beside one picture."""
    direction = model.directions[0].name
    start = model.recipe(0)

    def render(amount: float) -> np.ndarray:
        recipe = start.with_direction(direction, amount)
        return model.render([recipe])[0]

    with gr.Blocks() as page:
        slider = gr.Slider(
            -LIMIT, LIMIT, value=0, step=STEP, label=direction, elem_id="slider"
        )
        picture = gr.Image(elem_id="picture", width=SHOWN_PX, height=SHOWN_PX)
        slider.change(render, slider, picture)
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    model = Model.open(str(Path(options.model)))
    build(model).launch(server_name="127.0.0.1", server_port=options.port)


if __name__ == "__main__":
    main()
