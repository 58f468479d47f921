"""A film from its plan to its file: what the command line and the page both make.

A *plan* is data: works with their times, the way between them, what a sound drives. It
travels in the finished file, so that the film can be made again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio import recipe_fields as fields
from studio.errors import InputError
from studio.export.captions import Caption, Captions
from studio.export.film import (
    BATCH,
    Extras,
    Format,
    Render,
    count_frames,
    shoot,
    write_film,
)
from studio.export.metadata import statement_of
from studio.export.sound import HEARS, Hearing, Sound, listen
from studio.latent import walk as walks
from studio.latent.drives import LARGEST, MOST, Drive, driven
from studio.latent.walk import Keyframe, Walk
from studio.recipe import Recipe

if TYPE_CHECKING:
    import numpy as np

    from studio.latent.space import Space
    from studio.model import Model

FORMAT = 1
WAYS = ("through", "around", "along")
TEXT_LIMIT = 400  # characters of one caption


@dataclass(frozen=True)
class Plan:
    """What a film goes through.

    ``way``: "through" all works, "around" the first, or "along" ``amounts`` of words
    from it. ``texts`` are captions, one a work, or none. ``seconds`` is the whole
    length where the ways are to share it by how much changes on them; ``calm`` gives
    ways on which much would change at once more time than they have.
    """

    keyframes: tuple[Keyframe, ...]
    way: str = "through"
    loop: bool = False
    amounts: tuple[tuple[str, float], ...] = ()
    texts: tuple[str, ...] = ()
    seconds: float | None = None
    calm: bool = False

    def walk(self, model: Model, space: Space | None = None) -> Walk:
        """Give the walk in a model. Raises InputError, RecipeError."""
        return self.timed(walks.measured(model, self.rough(model, space)))

    def rough(self, model: Model, space: Space | None = None) -> Walk:
        """Give the walk before it is measured. Raises InputError, RecipeError."""
        walks.check_keyframes(self.keyframes)
        first = self.keyframes[0]
        seconds = self.seconds or first.seconds
        if self.way == "along":
            return walks.walk_along(model, first.recipe, dict(self.amounts), seconds)
        if self.way == "around":
            return walks.walk_around(model, first.recipe, seconds, space)
        return walks.walk_through(model, self.keyframes, self.loop, space)

    def timed(self, walk: Walk) -> Walk:
        """Give a measured walk its times."""
        if self.turns:
            return walk.paced(self.seconds or self.keyframes[0].seconds)
        walk = walk.calmed() if self.calm else walk
        if not self.seconds:
            return walk
        return walk.lasting(self.seconds) if self.calm else walk.paced(self.seconds)

    @property
    def turns(self) -> bool:
        """Whether it drifts around one work."""
        alone = self.way == "through" and len(self.keyframes) == 1
        return alone or self.way == "around"

    def captions(self, walk: Walk) -> list[Caption]:
        """Give the captions at their times on a walk."""
        from studio.latent.dream import caption_times

        if not self.texts:
            return []
        ways = [stop.keyframe.seconds for stop in walk.ways]
        if not walk.loop:
            ways.append(ways[-1] if ways else 0.0)
        if len(self.texts) == 1:
            ways = [walk.seconds]
        return [Caption(*time) for time in caption_times(self.texts, ways)]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of this plan."""
        works = [
            {
                "recipe": keyframe.recipe.to_dict(),
                "seconds": keyframe.seconds,
                "easing": keyframe.easing,
            }
            for keyframe in self.keyframes
        ]
        for work, text in zip(works, self.texts, strict=False):
            work["text"] = text
        told: dict[str, Any] = {"way": self.way, "loop": self.loop, "works": works}
        if self.amounts:
            told["amounts"] = dict(self.amounts)
        if self.seconds:
            told["seconds"] = self.seconds
        return told | ({"calm": True} if self.calm else {})

    @classmethod
    def from_dict(cls, data: object) -> Plan:
        """Check a plan (parsed JSON). Raises InputError, RecipeError."""
        body = fields.an_object(data, "plan")
        known = ("way", "loop", "works", "amounts", "seconds", "calm")
        fields.check_keys(body, "plan.", known, ("works",))
        works = body["works"] if isinstance(body["works"], list) else []
        if not works:
            raise InputError("film_empty")
        if len(works) > walks.MOST:
            raise InputError("film_long", count=len(works), limit=walks.MOST)
        read = [_read_work(work, f"plan.works[{i}]") for i, work in enumerate(works)]
        texts = tuple(text for _, text in read)
        amounts = fields.an_object(body.get("amounts", {}), "plan.amounts")
        seconds = body.get("seconds")
        low, high = walks.SECONDS
        return cls(
            tuple(keyframe for keyframe, _ in read),
            one_of(body.get("way", "through"), "plan.way", WAYS),
            body.get("loop") is True,
            tuple(
                (name, fields.a_number(amount, f"plan.amounts.{name[:32]}", -10, 10))
                for name, amount in list(amounts.items())[:MOST]
            ),
            texts if any(texts) else (),
            None
            if seconds is None
            else fields.a_number(seconds, "plan.seconds", low, high * 3),
            body.get("calm") is True,
        )


@dataclass(frozen=True)
class Order:
    """A plan, and what the file shall be."""

    plan: Plan
    shape: Format
    sound: Sound | None = None
    drives: tuple[Drive, ...] = ()


@dataclass(frozen=True)
class Made:
    """What came of an order."""

    frames: int
    seconds: float
    silent: bool  # there is a sound, and nothing to hear in it
    track: int  # captions that no font here could draw, in a track of text

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object that scripts read."""
        told = {"frames": self.frames, "seconds": round(self.seconds, 3)}
        return told | {"silent": self.silent, "captions_as_text": self.track}


@contextmanager
def rendering(model: Model) -> Iterator[Render]:
    """Render in a thread of its own, while frames before are encoded in this one."""
    with ThreadPoolExecutor(1) as hands:
        yield lambda recipes: hands.submit(model.render, recipes)


def make_film(
    path: Path,
    order: Order,
    walk: Walk,
    card: Mapping[str, Any],
    render: Render,
    progress: Callable[[int, int], bool] = lambda done, all_: True,
    together: int = BATCH,
    admit: Callable[[Iterator[np.ndarray]], Iterator[np.ndarray]] = iter,
) -> Made:
    """Make a film of a walk; ``progress`` hears frames done and all, as `write_film`.

    ``together`` is how many recipes ``render`` is given at once; frames pass through
    ``admit``, which may refuse them. Raises InputError, RecipeError, FilmStopped.
    """
    shape, sound = order.shape, order.sound
    frames = count_frames(walk.seconds, shape.fps)
    if sound is not None:
        sound = replace(sound, until=min(sound.seconds, frames / shape.fps))
    heard = listen(sound, shape.fps, frames) if sound and order.drives else None
    captions = Captions(order.plan.captions(walk), shape.size)
    extras = Extras(sound, captions, _said(card), _document(order, walk))
    recipes = _recipes(walk, frames, shape.fps, order.drives, heard)
    made = admit(shoot(recipes, render, together))
    write_film(path, made, shape, extras, lambda done: progress(done, frames))
    silent = heard is not None and heard.silent
    return Made(frames, frames / shape.fps, silent, len(captions.track))


def _recipes(
    walk: Walk,
    frames: int,
    fps: int,
    drives: tuple[Drive, ...],
    heard: Hearing | None,
) -> Iterator[Recipe]:
    for index in range(frames):
        recipe = walk.recipe_at(index / fps)
        if heard is not None:
            now = {name: float(getattr(heard, name)[index]) for name in HEARS}
            recipe = driven(recipe, drives, now)
        yield recipe


def _said(card: Mapping[str, Any]) -> dict[str, str]:
    return {"Title": str(card.get("title") or "Reverie"), **statement_of(card)}


def _document(order: Order, walk: Walk) -> str:
    """Give what the file says of its making, as JSON."""
    recipe = order.plan.keyframes[0].recipe
    plan = order.plan.to_dict()
    if order.plan.way == "through" and len(walk.stops) == len(plan["works"]):
        for work, stop in zip(plan["works"], walk.stops, strict=True):
            # What cannot be read again would be no plan; the last stop has no way.
            work["seconds"] = round(max(stop.keyframe.seconds, walks.SECONDS[0]), 3)
    content = {
        "format": FORMAT,
        "kind": "film",
        "model_fingerprint": recipe.fingerprint,
        "plan": plan,
        "fps": order.shape.fps,
        "size": list(order.shape.size),
        "drives": [vars(drive) for drive in order.drives],
        "sound": order.sound.path.name if order.sound else None,
        "ai": "made with AI; digitalSourceType=trainedAlgorithmicMedia",
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False)


def read_drives(value: object, path: str = "drives") -> tuple[Drive, ...]:
    """Check drives: at most 8 of {"hears", "word", "amount"}. Raises RecipeError."""
    drives = []
    for index, item in enumerate(fields.a_list(value, path, 0, MOST)):
        place = f"{path}[{index}]"
        data = fields.an_object(item, place)
        known = ("hears", "word", "amount")
        fields.check_keys(data, f"{place}.", known, known)
        drives.append(
            Drive(
                one_of(data["hears"], f"{place}.hears", HEARS),
                fields.a_name(data["word"], f"{place}.word"),
                fields.a_number(data["amount"], f"{place}.amount", -LARGEST, LARGEST),
            )
        )
    return tuple(drives)


def _read_work(value: object, path: str) -> tuple[Keyframe, str]:
    data = fields.an_object(value, path)
    known = ("recipe", "seconds", "easing", "text")
    fields.check_keys(data, f"{path}.", known, ("recipe",))
    low, high = walks.SECONDS
    seconds = data.get("seconds", walks.DEFAULT_SECONDS)
    text = data.get("text", "")
    if not isinstance(text, str) or len(text) > TEXT_LIMIT:
        raise InputError("film_caption", limit=TEXT_LIMIT)
    keyframe = Keyframe(
        Recipe.from_dict(data["recipe"]),
        fields.a_number(seconds, f"{path}.seconds", low, high),
        one_of(data.get("easing", "smooth"), f"{path}.easing", walks.EASINGS),
    )
    return keyframe, text


def one_of(value: object, path: str, known: tuple[str, ...]) -> str:
    """Return ``value`` if it is one of ``known``. Raises InputError."""
    if isinstance(value, str) and value in known:
        return value
    raise InputError("film_choice", field=path, value=value, known=", ".join(known))
