"""The render worker and its shelf of models, without a network."""

from __future__ import annotations

import io
import shutil
import struct
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from queue import Empty, Queue

import numpy as np
import pytest
from PIL import Image

from studio.errors import InputError, ModelError
from studio.recipe import Recipe
from studio.server import shelf as shelves
from studio.server import worker as workers
from studio.server.frames import encode_live, encode_settled, fit
from studio.server.shelf import Shelf
from studio.server.wishes import Wish
from studio.server.worker import RenderWorker, Seat

PATIENCE = 30


@pytest.fixture
def recipe(tiny_checkpoint: Path, worker: RenderWorker) -> Recipe:
    return worker.ask(tiny_checkpoint.name, lambda m: m.recipe(7)).result(PATIENCE)


class Person:
    """A seat and what it was given; takes each answer at once, unless `slow`."""

    def __init__(self, worker: RenderWorker, slow: bool = False) -> None:
        self.answers: Queue = Queue()
        self.worker, self.slow = worker, slow
        self.seat: Seat = worker.sit(self.take)

    def take(self, answer: object) -> None:
        self.answers.put(answer)
        if not self.slow:
            self.worker.sent(self.seat)

    def wish(self, identity: int, recipe: Recipe, kind: str = "live") -> None:
        self.worker.wish(self.seat, Wish(identity, kind, recipe))

    def next(self) -> tuple[int, str | Image.Image]:
        """The next answer: its number, and its picture or the code of its error."""
        answer = self.answers.get(timeout=PATIENCE)
        if isinstance(answer, dict):
            return answer["id"], answer["error"]["code"]
        return struct.unpack_from("<I", answer)[0], Image.open(io.BytesIO(answer[5:]))


def hold(worker: RenderWorker, name: str) -> Callable[[], None]:
    """Keep the render thread busy; returns what lets it go on."""
    busy, go = threading.Event(), threading.Event()

    def wait(model: object) -> None:
        busy.set()
        go.wait(PATIENCE)

    worker.ask(name, wait)
    assert busy.wait(PATIENCE)
    return go.set


def quiet(person: Person) -> bool:
    """Say whether nothing more comes, once the worker has done all it had."""
    person.worker.ask(" ", lambda m: None).exception(PATIENCE)
    try:
        person.answers.get(timeout=0.2)
    except Empty:
        return True
    return False


def test_a_live_picture_shows_the_recipe(worker: RenderWorker, recipe: Recipe) -> None:
    person = Person(worker)
    person.wish(5, recipe)
    identity, picture = person.next()
    assert identity == 5
    seeds = [6, 7, 8]
    recipes = [recipe.with_seed(seed) for seed in seeds]
    made = worker.ask(recipe.model, lambda m: m.render(recipes)).result(PATIENCE)
    gaps = np.abs(made.astype(int) - np.asarray(picture).astype(int)).mean((1, 2, 3))
    assert seeds[gaps.argmin()] == 7


def test_frames_keep_the_colours() -> None:
    ramp = np.linspace(0, 255, 64).astype(np.uint8)
    pixels = np.stack(np.broadcast_arrays(ramp[:48, None], ramp[None], 128), axis=2)
    pixels = np.ascontiguousarray(pixels, dtype=np.uint8)
    for jpeg in (encode_live(pixels), encode_settled(pixels, None)):
        shown = np.asarray(Image.open(io.BytesIO(jpeg))).astype(int)
        assert np.abs(shown - pixels).max() < 16


def test_a_settled_frame_fills_the_canvas_up_to_a_limit() -> None:
    pixels = np.zeros((48, 64, 3), np.uint8)
    for asked, given in {(96, 128): (128, 96), (3000, 4000): (1600, 1200)}.items():
        jpeg = encode_settled(pixels, asked)
        assert Image.open(io.BytesIO(jpeg)).size == given
    assert min(fit((4096, 16))) >= 1


def test_only_the_newest_wish_of_each_kind_is_answered(
    worker: RenderWorker, recipe: Recipe
) -> None:
    person = Person(worker)
    let_go = hold(worker, recipe.model)
    for identity in (1, 2, 3):
        person.wish(identity, recipe)
        person.wish(identity + 10, recipe, "settled")
    let_go()
    assert {person.next()[0], person.next()[0]} == {3, 13}
    assert quiet(person)


def test_a_hand_that_moves_on_lets_the_settled_picture_go(
    worker: RenderWorker, recipe: Recipe
) -> None:
    person = Person(worker)
    let_go = hold(worker, recipe.model)
    person.wish(1, recipe, "settled")
    person.wish(2, recipe)
    let_go()
    assert person.next()[0] == 2
    assert quiet(person)


def test_everyone_waiting_is_served_in_turn(
    worker: RenderWorker, recipe: Recipe
) -> None:
    order: Queue = Queue()
    people = [Person(worker) for _ in range(8)]
    for index, person in enumerate(people):
        # Each wishes again as soon as it is served, as eight hands that drag do.
        def take(answer: object, index: int = index, person: Person = person) -> None:
            order.put(index)
            worker.sent(person.seat)
            person.wish(1, recipe)

        person.seat.deliver = take
    let_go = hold(worker, recipe.model)
    for person in people:
        person.wish(1, recipe)
    let_go()
    served = [order.get(timeout=PATIENCE) for _ in range(10 * len(people))]
    for person in people:
        worker.leave(person.seat)
    counts = [served.count(index) for index in range(len(people))]
    assert min(counts) >= 9, counts


def test_more_than_a_batch_waiting_are_all_served(
    worker: RenderWorker, recipe: Recipe
) -> None:
    people = [Person(worker) for _ in range(workers.BATCH + 3)]
    let_go = hold(worker, recipe.model)
    for number, person in enumerate(people):
        person.wish(number, recipe.with_seed(number))
    let_go()
    assert [person.next()[0] for person in people] == list(range(len(people)))


def test_who_asks_just_after_a_batch_began_gets_as_many_pictures(
    worker: RenderWorker, recipe: Recipe
) -> None:
    people = [Person(worker) for _ in range(6)]
    prompt = people[:-1]
    served: Queue = Queue()

    def ask(person: Person) -> None:
        worker.ask(recipe.model, lambda model: person.wish(1, recipe))

    def take(person: Person) -> None:
        served.put(person)
        worker.sent(person.seat)
        if person in prompt:
            person.wish(1, recipe)
        else:  # one task comes before the next batch, a task of that after it
            worker.ask(recipe.model, lambda model: ask(person))

    for person in people:
        person.seat.deliver = lambda _, person=person: take(person)
    let_go = hold(worker, recipe.model)
    for person in people:
        person.wish(1, recipe)
    let_go()
    order = [served.get(timeout=PATIENCE) for _ in range(60)]
    for person in people:
        worker.leave(person.seat)
    counts = [order.count(person) for person in people]
    assert min(counts) >= 9, counts


def test_a_settled_picture_comes_though_others_keep_dragging(
    worker: RenderWorker, recipe: Recipe
) -> None:
    drags, rests = Person(worker), Person(worker)

    def again(answer: object) -> None:
        worker.sent(drags.seat)
        drags.wish(1, recipe)

    drags.seat.deliver = again
    drags.wish(1, recipe)
    rests.wish(2, recipe, "settled")
    identity, picture = rests.next()
    worker.leave(drags.seat)
    assert identity == 2 and isinstance(picture, Image.Image)


def test_who_does_not_take_pictures_gets_no_more(
    worker: RenderWorker, recipe: Recipe
) -> None:
    person = Person(worker, slow=True)
    for identity in range(workers.UNSENT):
        person.wish(identity, recipe)
        assert person.next()[0] == identity
    person.wish(99, recipe)
    assert quiet(person)
    worker.sent(person.seat)
    assert person.next()[0] == 99


def test_who_has_left_gets_nothing(worker: RenderWorker, recipe: Recipe) -> None:
    person = Person(worker)
    let_go = hold(worker, recipe.model)
    person.wish(1, recipe)
    worker.leave(person.seat)
    let_go()
    assert quiet(person)


def test_there_are_only_so_many_seats(
    worker: RenderWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "SEATS", 2)
    first = worker.sit(lambda answer: None)
    worker.sit(lambda answer: None)
    with pytest.raises(InputError) as refusal:
        worker.sit(lambda answer: None)
    assert refusal.value.code == "busy"
    worker.leave(first)
    worker.sit(lambda answer: None)


def test_a_bad_recipe_spoils_only_its_own_picture(
    worker: RenderWorker, recipe: Recipe
) -> None:
    recipes = [
        recipe,
        recipe.with_direction("no-such", 1.0),
        replace(recipe, fingerprint="0" * 16),
        replace(recipe, model="no-such"),
        # Nothing that passes the door looks like this: an error of our own.
        replace(recipe, source=None),
        recipe.with_seed(8),
    ]
    people = [Person(worker) for _ in recipes]
    let_go = hold(worker, recipe.model)
    for number, (person, wished) in enumerate(zip(people, recipes, strict=True)):
        person.wish(number, wished)
    let_go()
    answers = [person.next() for person in people]
    assert [number for number, _ in answers] == list(range(len(recipes)))
    said = [one if isinstance(one, str) else "picture" for _, one in answers]
    assert said == [
        "picture",
        "recipe_direction",
        "recipe_model_changed",
        "model_missing",
        "internal",
        "picture",
    ]


def test_the_worker_lives_on_after_an_error_of_our_own(
    worker: RenderWorker, recipe: Recipe
) -> None:
    person = Person(worker)
    for kind in ("live", "settled"):
        person.wish(1, replace(recipe, source=None), kind)
        assert person.next() == (1, "internal")

    def fail(model: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        worker.ask(recipe.model, fail).result(PATIENCE)
    person.wish(2, recipe)
    assert person.next()[0] == 2


def test_too_many_tasks_are_refused(worker: RenderWorker, recipe: Recipe) -> None:
    let_go = hold(worker, recipe.model)
    tasks = [worker.ask(recipe.model, lambda m: m.name) for _ in range(workers.TASKS)]
    with pytest.raises(InputError) as refusal:
        worker.ask(recipe.model, lambda m: m.name)
    assert refusal.value.code == "busy"
    let_go()
    assert {task.result(PATIENCE) for task in tasks} == {recipe.model}


# -- the shelf ---------------------------------------------------------------------


@pytest.fixture
def folder(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A checkpoints folder of its own, with the tiny model as `one`."""
    monkeypatch.setenv("STUDIO_CHECKPOINTS", str(tmp_path))
    monkeypatch.setattr(shelves, "LOOK_AGAIN", 0.0)
    shutil.copytree(tiny_checkpoint, tmp_path / "one")
    return tmp_path


def test_the_shelf_keeps_the_last_two_models(folder: Path) -> None:
    shutil.copytree(folder / "one", folder / "two")
    shutil.copytree(folder / "one", folder / "three")
    shelf = Shelf()
    one, two = shelf.take("one"), shelf.take("two")
    assert shelf.take("one") is one
    shelf.take("three")
    assert shelf.take("one") is one
    assert shelf.take("two") is not two


def test_a_broken_model_leaves_the_others_and_comes_back_repaired(
    folder: Path,
) -> None:
    shutil.copytree(folder / "one", folder / "two")
    weights = folder / "two" / "generator.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    shelf = Shelf()
    one = shelf.take("one")
    with pytest.raises(ModelError):
        shelf.take("two")
    assert shelf.take("one") is one
    weights.write_bytes(whole)
    assert shelf.take("two").name == "two"


def test_a_model_that_changes_on_disk_is_opened_again(folder: Path) -> None:
    shelf = Shelf()
    before = shelf.take("one")
    assert shelf.take("one") is before
    from safetensors.numpy import load_file, save_file

    path = folder / "one" / "generator.safetensors"
    arrays = {key: array * 0.5 for key, array in load_file(path).items()}
    save_file(arrays, path)
    after = shelf.take("one")
    assert after.fingerprint != before.fingerprint


def test_a_path_is_not_the_name_of_a_model(folder: Path) -> None:
    shelf = Shelf()
    for name in (str(folder / "one"), "../" + folder.name + "/one", "", ".", "one/"):
        with pytest.raises(ModelError) as refusal:
            shelf.take(name)
        assert refusal.value.code == "model_missing", name


def test_a_removed_model_is_gone(folder: Path) -> None:
    shelf = Shelf()
    shelf.take("one")
    shutil.rmtree(folder / "one")
    with pytest.raises(ModelError):
        shelf.take("one")
