"""A picture for a page that cannot keep a socket, through one plain call."""

from __future__ import annotations

import base64
import json

from studio.errors import InputError
from studio.recipe import Recipe
from studio.server.frames import encode_live
from studio.server.worker import in_words, shared_worker

# Seconds; a model that is still being opened takes a few.
PATIENCE = 60


def frame(recipe_json: str) -> str:
    """Render a recipe and return a JPEG as a ``data:`` address.

    What goes wrong comes back as the JSON text ``{"error": {"code", "params",
    "sentence"}}``, because Gradio would hide an exception's words from the page.
    """
    try:
        if not isinstance(recipe_json, str):
            raise InputError("message_malformed")
        recipe = Recipe.from_json(recipe_json)
        task = shared_worker().ask(
            recipe.model, lambda model: model.render([recipe])[0]
        )
        jpeg = encode_live(task.result(timeout=PATIENCE))
    except Exception as problem:
        return json.dumps({"error": in_words(problem).as_dict()}, ensure_ascii=False)
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
