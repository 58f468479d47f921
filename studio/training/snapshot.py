"""What a run shows while it learns: sample sheets, measured snapshots, checkpoint."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from studio.checkpoint import locate, model_name, pack_weights, read_card, read_weights
from studio.errors import RunError, StudioError
from studio.evaluation.comparison import Reference
from studio.latent.directions import discover
from studio.model import Model, card_networks, to_bytes, to_pixels
from studio.networks.autoencoder import Autoencoder
from studio.paths import write_atomically
from studio.seeds import seeds_to_kinds, seeds_to_z
from studio.training import distributed
from studio.training.autoencoder import encode_all
from studio.training.dataset import Pictures
from studio.training.generator import GeneratorPhase
from studio.training.losses import grid
from studio.training.patience import Patience
from studio.training.phase import Randomness, is_sheet_due, went_over
from studio.training.reconstruction import Mirror
from studio.training.run import Run
from studio.training.settings import TrainSettings
from studio.training.sheet import join_sheet
from studio.training.vae import VaePhase

SHEET = (4, 6)  # rows, columns of a sample sheet
SHEET_VARIETY = 0.8
MOST_SNAPSHOTS = 40  # generators kept of a run; above that every other one goes
GRIDDED = 64  # samples in which the cells of the latents are looked for
SETTLING = 8192  # w whose mean is measured
MEASURE_SEED = 2**31  # the samples that a snapshot is measured on start here


class Album:
    """Looks at the generator of a run from time to time, and keeps the best of it."""

    autoencoder: Autoencoder
    phase: GeneratorPhase | VaePhase

    def __init__(
        self,
        run: Run,
        settings: TrainSettings,
        pictures: Pictures,
        device: torch.device,
    ) -> None:
        self.run, self.settings, self.pictures = run, settings, pictures
        self.device = device
        self.images_before = 0  # seen in earlier phases
        self.rebuilt: dict[str, Any] | None = None  # how well pictures come back
        self.best: dict[str, Any] | None = None
        self.measured = -1  # images of the phase at its newest snapshot
        self.patience = Patience(settings, len(pictures.held_out))
        self._reference: Reference | None = None

    # -- before -------------------------------------------------------------------

    @torch.no_grad()
    def encode_views(self) -> Tensor:
        """Encode several views of every training picture: [N*variants, C, h, w]."""
        settings, parts = self.settings, []
        rng = np.random.default_rng((settings.seed, 77))
        for start in range(0, len(self.pictures.train), 64):
            chosen = self.pictures.train[start : start + 64]
            views = [
                self.pictures.view(i, rng, settings.mirror)
                for i in chosen
                for _ in range(settings.variants)
            ]
            parts.append(encode_all(self.autoencoder, views, self.device))
            done = (start + len(chosen)) / len(self.pictures.train)
            self.run.beat(progress=round(done, 3))
        return torch.cat(parts)

    # -- during -------------------------------------------------------------------

    def facts(self) -> dict[str, Any]:
        """Give what the next process must know."""
        waited = self.patience.waited
        return {"best": self.best, "waited": waited, "measured": self.measured}

    def restore(self, facts: dict[str, Any]) -> None:
        """Go on from what an earlier process saved."""
        self.best = facts["best"]
        self.patience.waited = facts.get("waited", 0)
        self.measured = facts.get("measured", -1)

    def look(self, progress: float) -> None:
        """Make a sheet or a snapshot when it is time for one."""
        batch = self.settings.batch * distributed.world()
        if is_sheet_due(self.settings.sample_kimg, self.phase.images, batch):
            self.sheet()
        if went_over(self.settings.snapshot_kimg, self.phase.images, batch):
            self.snapshot(progress)

    def sheet(self) -> None:
        """Write the same seeds once more, as `samples/<kimg>.webp`."""
        rows, columns = SHEET
        pictures = self._pictures(np.arange(rows * columns), SHEET_VARIETY)
        name = f"{self.phase.images // 1000:06d}.webp"
        self.run.write_sheet(name, join_sheet(pictures, columns))

    @torch.no_grad()
    def snapshot(self, progress: float) -> None:
        """Measure the averaged generator; the best so far becomes the checkpoint."""
        found = self._compare()
        kimg = self.phase.images // 1000
        if self.settings.decoder_rate:
            mirror = Mirror(self.run, self.pictures, self.device)
            self.rebuilt = mirror.look(self.autoencoder, kimg)
        row = {
            "phase": "snapshot",
            "kimg": kimg,
            **self._trained(),
            **_rounded(found),
            **self._held_out_gap(),
            **({"rebuilt": self.rebuilt} if self.settings.decoder_rate else {}),
        }
        self.run.append_metrics(row)
        distance = row["distance"]
        self.run.log(f"{kimg} kimg: {row}")
        self._keep(kimg)
        better = self.best is None or distance < self.best["distance"]
        if better:
            best = {"kimg": kimg, "distance": distance, "metric": row["metric"]}
            self.write(best, samples=256, probes=6)
            self.best = best
        self.patience.note(better, progress)
        self.measured = self.phase.images
        if self.patience.is_over():
            self._tell_patience()

    def _tell_patience(self) -> None:
        assert self.best is not None
        waited, best = self.patience.waited, self.best["kimg"]
        self.run.log(f"no better for {waited} snapshots: done, best at {best} kimg")

    def _compare(self) -> dict[str, Any]:
        """Compare samples at full variety with the pictures that were held out.

        `grid` beside it, since no distance here sees the cells of a decoder: it halved
        while every sample showed them.
        """
        settings = self.settings
        n = settings.measure_samples
        if self._reference is None:
            chosen = self.pictures.held_out or self.pictures.train
            whole = np.stack([self.pictures.whole(i) for i in chosen[: 2 * n]])
            self._reference = Reference(whole, settings.measure)
        made = self._pictures(MEASURE_SEED + np.arange(n), 1.0)
        cells = grid(to_pixels(made[:GRIDDED]), settings.period).item()
        return {**self._reference.compare(made), "grid": cells}

    def _keep(self, kimg: int) -> None:
        """Keep this generator, so that a person can overrule the choice of the best."""
        self._settle_mean()
        folder = self.run.folder / "snapshots"
        self._keep_one(self.phase.average, folder, kimg)
        if self.settings.decoder_rate:  # it paints for this generator alone
            self._keep_one(self.autoencoder, folder / "autoencoders", kimg)

    def _keep_one(self, network: nn.Module, folder: Path, kimg: int) -> None:
        folder.mkdir(exist_ok=True)
        packed = pack_weights(_arrays(network), self.run.name, folder.name)
        write_atomically(folder / f"{kimg:06d}.safetensors", packed)
        kept = sorted(folder.glob("*.safetensors"))
        for old in kept[1:-1:2] if len(kept) > MOST_SNAPSHOTS else ():
            old.unlink()

    def _held_out_gap(self) -> dict[str, float]:
        """Give how much better the pictures that it was trained on are liked.

        Near 0 it has learnt what pictures of this kind are; when it grows, it has
        begun to learn these pictures by heart.
        """
        if not self.pictures.held_out:
            return {}
        chosen = self.pictures.held_out[:256]
        whole = [self.pictures.whole(i) for i in chosen]
        known = [self.pictures.whole(i) for i in self.pictures.train[: len(chosen)]]

        def like(images: list[np.ndarray]) -> float:
            latents = encode_all(self.autoencoder, images, self.device)
            return self.phase.likes(latents.to(self.device))

        return {"held_out_gap": round(like(known) - like(whole), 4)}

    @torch.no_grad()
    def _pictures(self, seeds: np.ndarray, variety: float) -> np.ndarray:
        """Render seeds with the averaged weights: uint8 [N,H,W,3]."""
        generator, parts = self.phase.average, []
        for start in range(0, len(seeds), 16):
            some = seeds[start : start + 16]
            z = torch.from_numpy(seeds_to_z(some, self.settings.z_dim))
            w = self._map(z, some)
            w = generator.w_mean + variety * (w - generator.w_mean)
            latents = generator.synthesise(generator.spread(w))
            parts.append(to_bytes(self.autoencoder.decode(latents)))
            self.run.beat()
        return np.concatenate(parts)

    def _map(self, z: Tensor, seeds: np.ndarray) -> Tensor:
        """Give the averaged w of z [N,z_dim], each of the kind of its seed."""
        mapping, kinds = self.phase.average.mapping, self.phase.kinds
        if kinds is None:
            return mapping(z.to(self.device))
        marks = torch.from_numpy(seeds_to_kinds(seeds, kinds.shares))
        return mapping(z.to(self.device), marks.to(self.device))

    # -- the checkpoint -----------------------------------------------------------

    def write(self, best: dict[str, Any], samples: int, probes: int) -> None:
        """Write `checkpoint/` from the weights as they are now, directions included."""
        self._settle_mean()
        networks = {"autoencoder": self.autoencoder, **self.phase.networks()}
        weights = {stem: _arrays(network) for stem, network in networks.items()}
        model = Model.assemble(self.run.name, self._card(best), weights)
        model.write(
            self.run.folder / "checkpoint",
            discover(model, self.settings.directions, samples, probes, self._beat),
        )

    def _settle_mean(self) -> None:
        """Measure the mean of w that variety starts from; learning only followed it."""
        chance = Randomness(0, "generator", 0)
        z = chance.normal(SETTLING, self.settings.z_dim)
        mean = self._map(z, np.arange(SETTLING)).mean(dim=0)
        self.phase.average.w_mean.copy_(mean)

    def _trained(self) -> dict[str, Any]:
        """Tell how long the run has learnt, all phases together."""
        status = self.run.status()
        return {
            "images_seen": self.images_before + self.phase.images,
            "minutes": status["minutes_active"],
            "cpu_minutes": status["cpu_minutes"],
        }

    def _card(self, best: dict[str, Any]) -> dict[str, Any]:
        settings = self.settings
        return {
            "title": settings.name.replace("-", " ").replace("_", " ").title(),
            "family": settings.family,
            "resolution": list(settings.resolution),
            "layers": self.phase.average.config.layers,
            "w_dim": settings.w_dim,
            "latent_channels": settings.latent_channels,
            "default_variety": SHEET_VARIETY,
            "networks": card_networks(
                autoencoder=self.autoencoder, **self.phase.networks()
            ),
            "directions": [],
            **self._kinds(),
            "data": {
                "images": len(self.pictures.images),
                "held_out": len(self.pictures.held_out),
                "fingerprint": self.pictures.fingerprint,
                "framing": settings.framing,
                "validation_share": settings.validation_share,
                "left_out": self.pictures.left_out,
                "rights": settings.rights or None,
            },
            "training": {
                **self._trained(),
                "device": self.device.type,
                "seed": settings.seed,
                "base": model_name(Path(settings.base)),  # no path of a person
                "best": best,
                "autoencoder": self.rebuilt,
                "before": training_of(settings.base),
            },
        }

    def _kinds(self) -> dict[str, Any]:
        kinds = self.phase.kinds
        return {} if kinds is None else {"kinds": kinds.card}

    def _beat(self, _: float) -> None:
        self.run.beat()

    def discover(self, tell: Callable[[float], object]) -> None:
        """Find and measure the directions of the best snapshot anew, thoroughly.

        `tell` hears which share is done, and may end it: nothing is written before all
        of it is.
        """
        folder = self.run.folder / "checkpoint"
        model = Model.open(str(folder), to_rewrite=True)
        found = discover(model, self.settings.directions, tell=tell)
        self.run.write_status()  # a folder that was deleted meanwhile stays so
        model.write(folder, found)
        self.note_energy()

    def note_energy(self) -> None:
        """Write into the card of the model what the whole run has taken."""
        folder = self.run.folder / "checkpoint"
        if not (folder / "card.json").is_file():
            return
        card, status = read_card(folder), self.run.status()
        for key in ("energy_wh", "energy_source"):
            card["training"][key] = status[key]
        text = json.dumps(card, indent=1, ensure_ascii=False)
        write_atomically(folder / "card.json", (text + "\n").encode())

    def keep_what_there_is(self) -> None:
        """Make sure that a stopped run leaves a model, if it ever had a generator."""
        if hasattr(self, "phase") and not (self.run.folder / "checkpoint").exists():
            self.snapshot(1.0)


def show_works(run: Run, base: str) -> None:
    """Write works of the model that a run starts from as the run's first sheet."""
    rows, columns = SHEET
    model = Model.open(base)
    w = model.truncated(model.map_seeds(range(rows * columns)), SHEET_VARIETY)
    run.write_sheet("000000.webp", join_sheet(model.render_styles(w), columns))


def write_snapshot(run: Run, kimg: int, folder: Path) -> None:
    """Write an earlier snapshot of a run as a checkpoint, with directions of its own.

    Raises RunError when no generator of `kimg` thousand images was kept.
    """
    rows = {row.get("kimg"): row for row in run.metrics() if row["phase"] == "snapshot"}
    path = run.folder / "snapshots" / f"{kimg:06d}.safetensors"
    if kimg not in rows or not path.is_file():
        kept = sorted(int(p.stem) for p in path.parent.glob("*.safetensors"))
        told = ", ".join(map(str, kept)) or "-"
        raise RunError("run_no_snapshot", name=run.name, kimg=kimg, kept=told)
    row = rows[kimg]
    model = Model.open(str(run.folder / "checkpoint"), to_rewrite=True)
    weights = {**model.weights, "generator": read_weights(path.parent, path.name)}
    if (learnt := path.parent / "autoencoders" / path.name).is_file():
        weights["autoencoder"] = read_weights(learnt.parent, learnt.name)
    training = {key: row[key] for key in ("images_seen", "minutes", "cpu_minutes")}
    best = {key: row[key] for key in ("kimg", "distance", "metric")}
    if "rebuilt" in row:  # by the decoder of then
        training["autoencoder"] = row["rebuilt"]
    training = {**model.card["training"], **training, "best": best, "chosen": "by eye"}
    card = {**model.card, "training": training}
    for key in ("words", "measures", "discovery"):  # found in other weights
        card.pop(key, None)
        weights.pop(key, None)
    chosen = Model(model.name, card, weights)
    chosen.write(folder, discover(chosen, run.settings().directions))


def _rounded(found: dict[str, Any]) -> dict[str, Any]:
    """Round every number of a comparison to what can be read."""
    return {
        key: _rounded(value)
        if isinstance(value, dict)
        else round(value, 3)
        if isinstance(value, float)
        else value
        for key, value in found.items()
    }


def _arrays(network: nn.Module) -> dict[str, np.ndarray]:
    state = network.state_dict()
    return {key: value.float().cpu().numpy() for key, value in state.items()}


def training_of(base: str) -> dict[str, Any] | None:
    """Give what the card of the model that a run started from tells of its training."""
    if base == "scratch":
        return None
    try:
        known: dict[str, Any] = read_card(locate(base))["training"]
        return known
    except StudioError:  # taken away since
        return None
