"""The one thread that makes pictures for everyone.

Torch is fastest with one caller, and models are not made for several: so one thread
owns them, takes the newest wish of each seat in turn, and renders what many seats
want of one model in one batch. Nothing here waits for a network.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from studio.errors import InputError, StudioError
from studio.server.frames import encode_live, encode_settled, pack
from studio.server.shelf import Shelf
from studio.server.wishes import Wish, WishError

if TYPE_CHECKING:
    import numpy as np

    from studio.model import Model

BATCH = 16
# Tiles of one seat: so many are made in one go where nobody moves a slider, and so
# many may wait; a page asks for the next ones as they come, so that it can stop.
TILES_TOGETHER = 4
TILES_WAITING = 32
SEATS = 256
TASKS = 32
# Enough to render one frame while another travels; a seat that does not take its
# frames off the wire gets no more of the worker's time.
UNSENT = 3

T = TypeVar("T")
Answer = bytes | dict[str, object]
Choice = Callable[[], Callable[[], None] | None]  # of a turn, if there is one
log = logging.getLogger(__name__)


class Seat:
    """One socket's place: its newest wishes, its tiles, and its unsent answers."""

    def __init__(self, deliver: Callable[[Answer], None]) -> None:
        self.deliver = deliver
        self.wishes: dict[str, Wish] = {}
        self.tiles: deque[Wish] = deque()
        self.unsent = 0
        self.turn = -2  # of the live pictures, when it was served last

    def may_have(self, kind: str) -> bool:
        """Say whether a wish of this kind waits and its answer can be taken."""
        waits = bool(self.tiles) if kind == "tile" else kind in self.wishes
        return waits and self.unsent < UNSENT


class RenderWorker:
    """Renders wishes and tasks, one after another, in a thread of its own.

    Its methods may be called from any thread and return at once.
    """

    def __init__(self, spare_threads: int = 0) -> None:
        """Take how many threads a picture for one person alone leaves to others."""
        self._spare_threads = spare_threads
        self._shelf = Shelf()
        self._ready = threading.Condition()
        self._seats: deque[Seat] = deque()
        self._tasks: deque[tuple[Future, Callable[[], Any]]] = deque()
        self._finisher = ThreadPoolExecutor(1, thread_name_prefix="settle")
        self._kinds: list[Choice] = [self._live_turn, self._calm_turn]
        self._calm_kinds: list[Choice] = [self._task_turn, self._quiet_turn]
        self._closed = False
        self._turn = 0
        self._thread = threading.Thread(target=self._work, name="render", daemon=True)
        self._thread.start()

    # -- what others call ------------------------------------------------------

    def sit(self, deliver: Callable[[Answer], None]) -> Seat:
        """Take a seat; its answers go to ``deliver``, called from our threads.

        Every answer (bytes of a frame, or a dict with an error) must be followed by
        :meth:`sent`. Raises InputError where all seats are taken.
        """
        with self._ready:
            if len(self._seats) >= SEATS:
                raise InputError("busy")
            self._seats.append(seat := Seat(deliver))
        return seat

    def leave(self, seat: Seat) -> None:
        """Give the seat back, and forget what it still wished."""
        with self._ready:
            seat.wishes.clear()
            seat.tiles.clear()
            if seat in self._seats:
                self._seats.remove(seat)

    def wish(self, seat: Seat, wish: Wish) -> None:
        """Ask for a picture; it replaces a waiting wish of its kind, unanswered.

        A live one also replaces a settled one: the hand has moved on. Tiles wait in
        line instead. Raises WishError where too many do.
        """
        with self._ready:
            if wish.kind == "tile":
                self._line_up(seat, wish)
                return
            if wish.kind == "live":
                seat.wishes.pop("settled", None)
            seat.wishes[wish.kind] = wish
            self._ready.notify()

    def _line_up(self, seat: Seat, wish: Wish) -> None:
        if len(seat.tiles) >= TILES_WAITING:
            raise WishError.about(wish.identity, InputError("busy"))
        seat.tiles.append(wish)
        self._ready.notify()

    def sent(self, seat: Seat) -> None:
        """Tell that one answer to this seat is on its way."""
        with self._ready:
            seat.unsent -= 1
            self._ready.notify()

    def ask(self, name: str, task: Callable[[Model], T]) -> Future[T]:
        """Run ``task`` with the model called ``name`` on the render thread.

        Raises InputError where too many tasks wait; the future raises what the
        task raised, ModelError where the model cannot be opened.
        """
        future: Future[T] = Future()
        with self._ready:
            if len(self._tasks) >= TASKS:
                raise InputError("busy")
            job = (future, lambda: task(self._shelf.take(name)))
            self._tasks.append(job)
            self._ready.notify()
        return future

    def close(self) -> None:
        """End the thread after what it is doing now; tasks that wait are cancelled."""
        with self._ready:
            self._closed = True
            for future, _ in self._tasks:
                future.cancel()
            self._ready.notify()
        self._thread.join(timeout=10)
        self._finisher.shutdown()

    # -- the render thread -----------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._ready:
                turn = self._next_turn()
                while turn is None and not self._closed:
                    self._ready.wait()
                    turn = self._next_turn()
                if turn is None or self._closed:
                    return
            try:
                turn()
            except Exception:
                log.exception("the render thread goes on after an error")

    def _next_turn(self) -> Callable[[], None] | None:
        # Calm work (settling, saving) and live frames take turns: neither can keep
        # the other waiting for more than one picture.
        return _first_of(self._kinds)

    def _live_turn(self) -> Callable[[], None] | None:
        chosen: list[tuple[Seat, Wish]] = []
        most = self._half_of_those_who_move()
        for seat in self._seats:
            if not seat.may_have("live") or len(chosen) == most:
                continue
            if chosen and seat.wishes["live"].recipe.model != chosen[0][1].recipe.model:
                continue
            chosen.append((seat, seat.wishes["live"]))
        for seat, _ in chosen:
            seat.turn = self._turn
            self._serve(seat, "live")
        return (lambda: self._render(chosen)) if chosen else None

    def _half_of_those_who_move(self) -> int:
        # A page whose next wish comes just after a batch began would miss every other
        # one, and get half the pictures of those whose wishes come just before.
        self._turn += 1
        moving = sum(
            seat.may_have("live") or seat.turn >= self._turn - 2 for seat in self._seats
        )
        return min(BATCH, (moving + 1) // 2)

    def _calm_turn(self) -> Callable[[], None] | None:
        # A file that somebody waits for comes before a picture that only gets sharper,
        # but not every time: tasks may never end.
        return _first_of(self._calm_kinds)

    def _task_turn(self) -> Callable[[], None] | None:
        if not self._tasks:
            return None
        future, job = self._tasks.popleft()
        return lambda: _run(future, job)

    def _quiet_turn(self) -> Callable[[], None] | None:
        for seat in self._seats:
            if seat.may_have("settled"):
                wish = self._serve(seat, "settled")
                return lambda: self._settle(seat, wish)
        return self._tile_turn()

    def _tile_turn(self) -> Callable[[], None] | None:
        seat = next((seat for seat in self._seats if seat.may_have("tile")), None)
        if seat is None:
            return None
        moving = any(other.may_have("live") for other in self._seats)
        # A hand that moves must not wait for more than one picture.
        most = 1 if moving else TILES_TOGETHER
        chosen: list[tuple[Seat, Wish]] = []
        while seat.tiles and len(chosen) < most:
            if chosen and seat.tiles[0].recipe.model != chosen[0][1].recipe.model:
                break
            chosen.append((seat, seat.tiles.popleft()))
        self._seats.remove(seat)
        self._seats.append(seat)
        seat.unsent += len(chosen)
        return lambda: self._render(chosen)

    def _serve(self, seat: Seat, kind: str) -> Wish:
        # To the end of the line: every other seat comes first next time.
        self._seats.remove(seat)
        self._seats.append(seat)
        seat.unsent += 1
        return seat.wishes.pop(kind)

    def _render(self, chosen: list[tuple[Seat, Wish]]) -> None:
        fitting, recipes = [], []
        for seat, wish in chosen:
            try:
                self._shelf.take(wish.recipe.model).check(wish.recipe)
            except Exception as problem:
                seat.deliver(complaint(wish.identity, problem))
            else:
                fitting.append((seat, wish))
                recipes.append(wish.recipe)
        if not fitting:
            return
        model = self._shelf.take(recipes[0].model)
        spare = self._spare_threads if len(recipes) == 1 else 0
        try:
            pictures = model.render(recipes, spare)
        except Exception as problem:
            if len(fitting) == 1:
                fitting[0][0].deliver(complaint(fitting[0][1].identity, problem))
                return
            # One recipe spoils the batch: alone, it spoils only its own picture.
            for pair in fitting:
                self._render([pair])
            return
        for (seat, wish), pixels in zip(fitting, pictures, strict=True):
            seat.deliver(pack(wish.identity, wish.kind, encode_live(pixels)))

    def _settle(self, seat: Seat, wish: Wish) -> None:
        try:
            model = self._shelf.take(wish.recipe.model)
            pixels = model.render_canonical(replace(wish.recipe, size=None))
        except Exception as problem:
            seat.deliver(complaint(wish.identity, problem))
            return
        self._finisher.submit(_finish, seat, wish, pixels)


def complaint(identity: int | None, problem: Exception) -> dict[str, object]:
    """Return the answer that tells a page what went wrong with request ``identity``."""
    return {"id": identity, "error": in_words(problem).as_dict()}


def in_words(problem: Exception) -> StudioError:
    """Return ``problem`` as an error for people; what we did not expect is logged."""
    if isinstance(problem, StudioError):
        return problem
    log.error("an unexpected error", exc_info=problem)
    return StudioError("internal")


def _finish(seat: Seat, wish: Wish, pixels: np.ndarray) -> None:
    try:
        jpeg = encode_settled(pixels, wish.size)
        seat.deliver(pack(wish.identity, "settled", jpeg))
    except Exception as problem:
        seat.deliver(complaint(wish.identity, problem))


def _run(future: Future, job: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(job())
    except Exception as problem:
        future.set_exception(problem)


_shared: list[RenderWorker] = []
_sharing = threading.Lock()


def shared_worker() -> RenderWorker:
    """Return the worker of this process, started by the first who needs it."""
    with _sharing:
        if not _shared:
            # At home the browser needs a core of the same machine to show what comes:
            # on two cores 34 pictures a second instead of 18, though each takes longer.
            at_home = not os.environ.get("SPACE_ID")
            _shared.append(RenderWorker(spare_threads=1 if at_home else 0))
        return _shared[0]


def _first_of(choices: list[Choice]) -> Callable[[], None] | None:
    """Return the first turn that there is; who gave it comes last the next time."""
    for choose in choices:
        if turn := choose():
            choices.remove(choose)
            choices.append(choose)
            return turn
    return None
