"""One trainer process: the phases in order, and what happens between their steps."""

from __future__ import annotations

import gc
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch

from studio.checkpoint import recover_folder
from studio.errors import RunError
from studio.networks.autoencoder import Autoencoder
from studio.networks.blocks import freeze, place
from studio.training import distributed
from studio.training.autoencoder import AutoencoderPhase, make_autoencoder, standardise
from studio.training.dataset import Pictures
from studio.training.device import pick_device
from studio.training.inheritance import load_base
from studio.training.kinds import sort_pictures
from studio.training.material import Material, load_material, save_material
from studio.training.orders import BACK, ENDS, GO, LEAVE, STOP, Interrupted, Orders
from studio.training.phase import Phase, is_sheet_due
from studio.training.queue import Queue
from studio.training.reconstruction import Mirror
from studio.training.run import FRESH, Run
from studio.training.schedule import progress_of
from studio.training.second import make_second
from studio.training.setbacks import (
    explain,
    halve_batch,
    is_about_memory,
)
from studio.training.settings import TrainSettings
from studio.training.snapshot import Album, show_works
from studio.training.state import Parts, load_state, pack, save_state, unpack
from studio.training.usage import Usage

REPORT_SECONDS = 10.0
LONGEST_STEP = 30.0  # seconds; more than that and the machine was asleep
MOST_SETBACKS = 5  # for each phase


class Session:
    """The trainer of one run."""

    def __init__(self, run: Run, steps: int | None = None) -> None:
        """Make the trainer of a run; `steps` ends this process early, for tests."""
        self.run = run
        self.settings: TrainSettings = run.settings()
        self.device = pick_device(self.settings.device)
        self.steps_left = steps
        self.leader = distributed.rank() == 0
        self.orders = Orders(run)
        self.queue = Queue(run, self.device.type, self.orders)
        self.usage = Usage(self.device.type)

    def train(self) -> str:
        """Train to the end or to a request; gives the phase that the run is in then."""
        with self.orders:
            return self._train_and_tell()

    def _train_and_tell(self) -> str:
        if self.settings.threads:
            torch.set_num_threads(self.settings.threads)
        try:
            how = self._train_in_turn()
            self._end(how)
        except Exception as problem:
            self._give_up(problem)
            raise
        return how

    def _train_in_turn(self) -> str:
        try:
            with self.queue.turn():
                return self._train_within_memory()
        except Interrupted as asked:
            return ENDS[asked.how]
        except KeyboardInterrupt:
            return "interrupted"

    def _end(self, how: str) -> None:
        if self.leader:
            self.run.clear_requests()
        self._tell(phase=how)
        self._log(how)

    def _give_up(self, problem: Exception) -> None:
        """Say in one sentence what went wrong; raise it where it was none yet."""
        told = explain(self.run, problem)
        if self.leader:  # what is paused can go on from its last saved state
            phase = "failed" if told is problem else "paused"
            self.run.write_last_words(phase, told)
        if told is not problem:
            raise told from problem

    def _train_within_memory(self) -> str:
        while True:
            try:
                return self._train()
            except (MemoryError, RuntimeError) as problem:
                if not is_about_memory(problem):
                    raise
            self._make_room()

    def _make_room(self) -> None:
        """Go back to the last saved state with half the batch.

        Raises RunError where that has been done before.
        """
        smaller = halve_batch(self.settings) if distributed.world() == 1 else None
        if smaller is None:
            raise RunError("out_of_memory", batch=self.settings.batch)
        self._log(f"out of memory: the batch is {smaller.batch} from now on")
        self.run.write_settings(smaller)
        self.settings = smaller
        self.usage.start_over()
        self.__dict__.pop("album", None)  # and with it networks and pictures
        self.__dict__.pop("pictures", None)
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _train(self) -> str:
        device = self.device.type
        self._tell(phase="starting", device=device, **FRESH)
        if self.leader:
            recover_folder(self.run.folder / "checkpoint")
            self.run.sweep()
        beat = self.run.beat if self.leader else lambda: None
        self.pictures = Pictures.of(self.settings, beat)
        held = len(self.pictures.held_out)
        self._log(f"{len(self.pictures.images)} pictures, {held} held out")
        self._look_for_kinds()
        self.album = Album(self.run, self.settings, self.pictures, self.device)
        try:
            self.album.autoencoder = self._autoencoder()
            self._generator()
            self._discover()
        except Interrupted as stop:
            if stop.how == STOP and self.leader:
                self.album.keep_what_there_is()
                self.album.note_energy()
                self._tell(best=self.album.best)
            return ENDS[stop.how]
        return "done"

    def _discover(self) -> None:
        """Find directions; a request ends it, and those of the snapshot stay."""
        ended = "patience" if self.album.patience.is_over() else None
        pace = {"images_per_s": None, "eta_s": None, "progress": 0.0}
        self._tell(phase="discovering", ended=ended, **pace)
        start = time.monotonic()

        def tell(share: float) -> None:
            order = self.orders.current()
            if order != GO:
                raise Interrupted(order)
            left = (time.monotonic() - start) * (1 - share) / share
            self.run.beat(progress=round(share, 3), eta_s=round(left))

        try:
            if self.leader:
                self.album.discover(tell)
        finally:
            distributed.wait()

    def _look_for_kinds(self) -> None:
        """Refuse labels that make no kinds now, not once the paint is learnt."""
        if self._state("latents").exists():
            return
        if kinds := sort_pictures(self.settings, self.pictures):
            pairs = zip(kinds.names, kinds.counts, strict=True)
            told = ", ".join(f"{name} {count}" for name, count in pairs)
            self._log(f"{len(kinds.names)} kinds: {told}")

    # -- the phases ---------------------------------------------------------------

    def _autoencoder(self) -> Autoencoder:
        """Train the autoencoder, or take the one that the run starts from."""
        finished = self._state("autoencoder-done")
        model = make_autoencoder(self.settings)
        if (saved := load_state(finished)) is not None:
            self._put_back(saved[0], {"average": model})
            self.usage.carry(saved[1])
            self.usage.restore(saved[1])
            self.album.rebuilt = saved[1].get("rebuilt")
        elif self.settings.base != "scratch":
            load_base(self.settings.base, {"autoencoder": model})
            if self.settings.base_parts == "autoencoder":
                standardise(place(model, self.device), self.pictures, self.device)
                self._look_at_rebuilt(model, 0)  # the first that there is to see
            # else its own scale of latents stays: its generator was trained in it
        else:
            phase = AutoencoderPhase(self.settings, self.pictures, model, self.device)
            self._live_through(phase)
            model = phase.average
            standardise(model, self.pictures, self.device)
            self.usage.carry(self._facts(phase))
            self._look_at_rebuilt(phase.average, phase.images)
        place(model, self.device)
        if saved is None and self.leader:
            facts = {
                "images": self.usage.images_before,
                "seconds": self.usage.seconds_before,
                "rebuilt": self.album.rebuilt,
                **self.usage.facts(),
            }
            save_state(finished, pack({"average": model}), facts)
        return freeze(model)

    def _generator(self) -> None:
        whole = self.settings.learnt
        if whole and self.leader and not self._state("latents").exists():
            show_works(self.run, self.settings.base)  # what it starts from, at once
        phase = make_second(self.album, self._material())
        self.album.phase = phase
        self.album.images_before = self.usage.images_before
        self._live_through(phase)
        if self.leader:
            if self.album.measured != phase.images:
                self.album.snapshot(1.0)
            self._tell(best=self.album.best)

    def _material(self) -> Material:
        """Encode the views once; a resumed run reads the same numbers back."""
        path = self._state("latents")
        if self.leader and not path.exists():
            self._tell(phase="starting", progress=0.0)
            kinds = sort_pictures(self.settings, self.pictures)
            latents = self.album.encode_views().half().contiguous()
            each = kinds and kinds.repeat(self.settings.variants)
            save_material(path, Material(latents, each))
        distributed.wait()
        return load_material(path)

    def _live_through(self, phase: Phase) -> None:
        """Step a phase to its end, saving, reporting and heeding requests."""
        self._resume(phase)
        clock = last_report = last_save = time.monotonic()
        images_reported = phase.images
        while (progress := self._progress(phase)) < 1:
            losses = phase.step(progress)
            now = time.monotonic()
            phase.seconds += min(now - clock, LONGEST_STEP)
            clock = now
            order = self._order(phase, losses)
            if order == BACK:
                self._step_back(phase)
                images_reported = min(images_reported, phase.images)
                continue
            if self.leader and now - last_report > REPORT_SECONDS:
                speed = (phase.images - images_reported) / (now - last_report)
                self._report(phase, losses, speed, progress)
                last_report, images_reported = now, phase.images
            if self.leader:
                self._look(phase, progress)
            if now - last_save > self.settings.save_seconds or order != GO:
                self._save(phase)
                last_save = time.monotonic()
            if order != GO:
                raise Interrupted(order)
        self._save(phase)

    def _progress(self, phase: Phase) -> float:
        progress = progress_of(self.settings, phase, self.usage.seconds_before)
        if phase.name == "generator" and self.album.patience.is_over():
            progress = 1.0
        return distributed.agree([progress])[0]

    def _order(self, phase: Phase, losses: dict[str, float]) -> int:
        order = self.orders.current() if self.leader else GO
        if self.steps_left is not None:
            self.steps_left -= 1
            order = LEAVE if self.steps_left <= 0 else order
        if self.leader and not phase.is_sound(losses):
            order = BACK
        return int(distributed.agree([order])[0])

    def _look(self, phase: Phase, progress: float) -> None:
        """Show how it is getting on, when it is time."""
        if phase.name == "generator":
            self.album.look(progress)
        batch = self.settings.autoencoder_batch * distributed.world()
        due = is_sheet_due(self.settings.sample_kimg, phase.images, batch)
        if due and isinstance(phase, AutoencoderPhase):
            self._look_at_rebuilt(phase.average, phase.images)

    def _look_at_rebuilt(self, model: Autoencoder, images: int) -> None:
        if not self.leader:
            return
        kimg = images // 1000
        found = Mirror(self.run, self.pictures, self.device).look(model, kimg)
        row = {"phase": "rebuilt", "images_seen": images, "kimg": kimg, **found}
        self.run.append_metrics(row)
        self._log(f"{kimg} thousand crops: {found}")
        self.album.rebuilt = found

    # -- saving and telling -------------------------------------------------------

    def _state(self, name: str) -> Path:
        return self.run.folder / "state" / f"{name}.safetensors"

    def _facts(self, phase: Phase) -> dict[str, Any]:
        return {
            "steps": phase.steps,
            "images": phase.images,
            "seconds": phase.seconds,
            "setbacks": phase.setbacks,
            **self.usage.facts(),
            **self.album.facts(),
        }

    def _save(self, phase: Phase) -> None:
        if self.leader:
            save_state(self._state(phase.name), pack(phase.parts()), self._facts(phase))
            self._tell(best=self.album.best, **self.usage.numbers(phase))

    def _resume(self, phase: Phase) -> None:
        facts = self._restore(phase)
        if facts is None:
            self._save(phase)  # what the very first setback goes back to
        else:
            phase.seconds, phase.setbacks = facts["seconds"], facts.get("setbacks", 0)
            self.usage.restore(facts)
            self.album.restore(facts)
            self._log(f"{phase.name} goes on from {phase.images} images")
        self._tell(phase=phase.name, progress=None)

    def _restore(self, phase: Phase) -> dict[str, Any] | None:
        """Put a phase back to where it was saved last; None where it never was."""
        saved = load_state(self._state(phase.name))
        if saved is not None:
            self._put_back(saved[0], phase.parts())
            phase.steps, phase.images = saved[1]["steps"], saved[1]["images"]
        if self.leader:
            before, facts = self.usage.images_before, {} if saved is None else saved[1]
            self.run.rewind_metrics(before, phase.images, facts.get("measured"))
        return None if saved is None else saved[1]

    def _put_back(self, tensors: dict[str, torch.Tensor], parts: Parts) -> None:
        """Put back what was saved; RunError where networks are no longer like that."""
        try:
            unpack(tensors, parts)
        except (RuntimeError, LookupError, ValueError) as problem:
            if is_about_memory(problem):
                raise
            raise RunError("run_other_version", name=self.run.name) from None

    def _step_back(self, phase: Phase) -> None:
        """Leave a dead end: back to the last saved state, at half the learning rate.

        Raises RunError when that has been tried often enough.
        """
        if phase.setbacks == MOST_SETBACKS:
            raise RunError("train_diverged", phase=phase.name, times=MOST_SETBACKS)
        self._log(f"{phase.name} diverged at {phase.images} images, half the rate now")
        self._restore(phase)
        phase.setbacks += 1
        self._save(phase)  # at once: a kill must not bring the old rate back

    def _report(
        self, phase: Phase, losses: dict[str, float], speed: float, progress: float
    ) -> None:
        left = phase.seconds * (1 - progress) / max(progress, 1e-6)
        numbers = {"images_per_s": round(speed, 2), **self.usage.numbers(phase)}
        shown = {key: round(value, 5) for key, value in losses.items()}
        self.run.append_metrics({"phase": phase.name, **numbers, **shown})
        told = {"progress": round(progress, 3), "best": self.album.best, **numbers}
        self._tell(phase=phase.name, eta_s=round(left), **told)

    def _tell(self, **changes: Any) -> None:
        if self.leader:
            self.run.write_status(**changes)

    def _log(self, line: str) -> None:
        if self.leader:
            self.run.log(line)


def train(run: Run, steps: int | None = None) -> str:
    """Train a run in this process, alone or as one of several (`torchrun`)."""
    distributed.join()
    try:
        with run.hold() if distributed.rank() == 0 else nullcontext():
            return Session(run, steps).train()
    finally:
        distributed.leave()
