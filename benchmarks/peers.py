"""Our models and others, from the same pictures in the same time, judged alike.

    python -m benchmarks.peers FOLDER [--into peers] [--minutes 60] [--peers NAMES]

Each learns 128 x 128 pixels for so many minutes of two cores, one after the other, from
four fifths of the pictures of FOLDER, in a process of its own:

latent       the studio's GAN of latents, from nothing, its autoencoder's time included
vae          the studio's VAE, likewise
pixels       the same loop and losses on pixels in place of latents, and no autoencoder
lightweight  lightweight-gan from PyPI, shrunk by its own options; not in the
             requirements: without it a sentence says how to install it

The fifth that none has seen judges 512 works of each, as `evaluate` does. INTO keeps
what was learnt: the same command again goes on where it was stopped, and a peer that is
done does not learn again. One JSON object is printed, and lies in INTO beside a table
and 64 works of each, the first ones. Run it on an otherwise idle machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.harness import ROOT, Unavailable
from benchmarks.rivals import SEED, SIDE, WORKS
from studio.paths import write_atomically

if TYPE_CHECKING:
    from studio.evaluation.report import Evidence

OURS = {"latent": "gan", "vae": "vae"}
THEIRS = ("pixels", "lightweight")
PEERS = (*OURS, *THEIRS)
HELD = 0.2  # share of the pictures that none learns from
MINUTES, COLUMNS = 60.0, 8
FIRST_SEED = 2**31  # of the works that are judged
# What a step gives back is kept for the next, for all alike: without it those of
# lightweight-gan took half as long again (docs/log.md).
KEPT = {
    "MALLOC_MMAP_THRESHOLD_": str(8 * 10**9),
    "MALLOC_TRIM_THRESHOLD_": str(16 * 10**9),
}
TOLD = ("kid", "swd", "density", "coverage")
YARDSTICKS = {"real_vs_real": "other pictures", "mean_image": "their mean image"}


def compare(
    folder: Path, into: Path, minutes: float, peers: list[str]
) -> dict[str, Any]:
    """Let each peer learn that has not yet, and judge the works of all."""
    learnt = _part(folder, into, minutes)
    found: dict[str, Any] = {"minutes": minutes, "peers": {}}
    for name in peers:
        try:
            found["peers"][name] = _learn(name, learnt, into, minutes)
        except Unavailable as problem:
            print(f"{name} is left out: {problem}", file=sys.stderr, flush=True)
    if "lightweight" in found["peers"]:
        default = _run(into / "pace", ["pace", learnt, into / "pace", "0"])
        found["lightweight_default"] = _cost(default)
    found["pictures"], judged = _judge(into, list(found["peers"]))
    for name, numbers in judged.items():
        found["peers"].setdefault(name, {}).update(numbers)
    write_atomically(into / "results.json", json.dumps(found, indent=1).encode())
    write_atomically(into / "table.md", tabulate(found).encode())
    return found


def _part(folder: Path, into: Path, minutes: float) -> Path:
    """Part the pictures once; give the folder of those to learn from, as links."""
    from studio.training.dataset import Pictures

    learnt, order = into / "learnt", into / "order.json"
    wanted = {"folder": str(folder.resolve()), "minutes": minutes}
    if order.exists():
        if json.loads(order.read_text()) != wanted:
            raise Unavailable(f"{into} is of {order.read_text()}: name another --into")
        return learnt
    pictures = Pictures(folder, (SIDE, SIDE), HELD, whole=True)
    if not pictures.held_out:
        raise Unavailable(f"{folder} has too few pictures to hold some out")
    learnt.mkdir(parents=True, exist_ok=True)
    for i in pictures.train:
        link = learnt / pictures.files[i].replace("/", "_")
        if not link.is_symlink():
            link.symlink_to((folder / pictures.files[i]).resolve())
    np.save(
        into / "held.npy", np.stack([pictures.images[i] for i in pictures.held_out])
    )
    write_atomically(order, json.dumps(wanted).encode())
    return learnt


# -- learning -----------------------------------------------------------------------


def _learn(name: str, learnt: Path, into: Path, minutes: float) -> dict[str, Any]:
    """Let a peer learn to its end, unless it is there; give what it took."""
    place = into / name
    if name in OURS:
        return _cost(_train(name, learnt, into, minutes))
    return _cost(_run(place, [name, learnt, place, minutes]))


def _run(place: Path, arguments: list[Any]) -> dict[str, float]:
    facts = place / "facts.json"
    if not facts.exists():
        _call("benchmarks.rivals", arguments, {})
    found: dict[str, float] = json.loads(facts.read_text())
    return found


def _train(name: str, learnt: Path, into: Path, minutes: float) -> dict[str, float]:
    """Train a run of the studio in a room of its own, and draw its works."""
    from studio.training.run import Run

    place, room = into / name, {"STUDIO_RUNS": str((into / "runs").resolve())}
    facts, run = place / "facts.json", Run(into / "runs" / name)
    if facts.exists():
        return json.loads(facts.read_text())  # type: ignore[no-any-return]
    if not run.folder.exists():
        # patience 0: it has its time, as the others have
        options = [f"resolution=[{SIDE},{SIDE}]", "patience=0", f"family={OURS[name]}"]
        given = [word for option in options for word in ("--option", option)]
        seed = ["--seed", SEED, "--minutes", minutes, *given]
        _call("studio", ["train", learnt, "--name", name, *seed], room)
    elif run.status()["phase"] != "done":
        _call("studio", ["resume", name], room)
    status = run.status()
    if status["phase"] != "done":
        raise Unavailable(f"its run is {status['phase']}: start the same command again")
    place.mkdir(exist_ok=True)
    np.save(place / "works.npy", _draw(run.folder / "checkpoint"))
    found = {
        "images": status["images_seen"],
        "seconds": 60 * status["minutes_active"],
        "cpu_s": 60 * status["cpu_minutes"],
    }
    write_atomically(facts, json.dumps(found).encode())
    return found


def _draw(checkpoint: Path) -> np.ndarray:
    from studio.latent.steering import draw
    from studio.model import Model

    model = Model.open(str(checkpoint))
    w = model.map_seeds(range(FIRST_SEED, FIRST_SEED + WORKS))
    return draw(model, model.truncated(w, 1.0))


def _call(module: str, arguments: list[Any], room: dict[str, str]) -> None:
    """Run a command of the studio or of a rival. Raises Unavailable where it fails."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    room = {**os.environ, **KEPT, **room}
    done = subprocess.run(command, cwd=ROOT, env=room, stdout=sys.stderr, check=False)
    if done.returncode:
        raise Unavailable(f"{module} ended with {done.returncode}")


def _cost(facts: dict[str, float]) -> dict[str, Any]:
    images = max(1, facts["images"])
    return {
        "minutes": round(facts["seconds"] / 60, 2),
        "images": int(images),
        "images_per_s": round(images / max(facts["seconds"], 1e-9), 2),
        "core_s_per_image": round(facts["cpu_s"] / images, 4),
    }


# -- judging ------------------------------------------------------------------------


def _judge(
    into: Path, names: list[str]
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Judge the works of each; give the yardsticks, and the numbers of each."""
    from studio.evaluation.report import Evidence, evaluate
    from studio.training.sheet import join_sheet

    held = np.load(into / "held.npy")
    evidence: Evidence | None = None
    yardsticks: dict[str, Any] = {"held_out": len(held)}
    judged = {}
    for name in names:
        works = np.load(into / name / "works.npy")
        sheet = join_sheet(works[: COLUMNS * COLUMNS], COLUMNS)
        write_atomically(into / f"{name}.webp", sheet)
        evidence = evidence.with_works(works) if evidence else Evidence(held, works)
        found = evaluate(evidence)
        gauges = {key: each["value"] for key, each in found["gauges"].items()}
        judged[name] = {"gauges": gauges, **_numbers(found)}
        yardsticks |= {key: _numbers(found[key]) for key in YARDSTICKS}
        yardsticks |= {"features": found["features"], "compared": found["compared"]}
    return yardsticks, judged


def _numbers(found: dict[str, Any]) -> dict[str, list[float]]:
    """Give mean and deviation of what is told."""
    told = {**found["quality"], **found["diversity"]}
    pairs = {key: (told[key]["mean"], told[key]["deviation"]) for key in TOLD}
    return {key: [round(value, 3) for value in pair] for key, pair in pairs.items()}


def tabulate(found: dict[str, Any]) -> str:
    """Give what was found as a table for docs/benchmarks.md."""
    head = ("", "images", "images/s", "core s an image", *TOLD)
    rows = [head, ("---",) * len(head)]
    for name, each in found["peers"].items():
        cost = (each["images"], each["images_per_s"], each["core_s_per_image"])
        rows.append((name, *map(str, cost), *_pairs(each)))
    for key, name in YARDSTICKS.items():
        if key in found["pictures"]:
            rows.append((name, "", "", "", *_pairs(found["pictures"][key])))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _pairs(numbers: dict[str, Any]) -> list[str]:
    digits = {"kid": 1, "swd": 1}
    return [
        " ± ".join(f"{value:.{digits.get(key, 3)}f}" for value in numbers[key])
        for key in TOLD
    ]


def main() -> None:
    """Run it as a command; print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--into", type=Path, default=Path("peers"), metavar="INTO")
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--peers", default=",".join(PEERS), metavar="NAMES")
    args = parser.parse_args()
    peers = args.peers.split(",")
    if unknown := set(peers) - set(PEERS):
        parser.error(f"unknown peers: {', '.join(sorted(unknown))}")
    try:
        found = compare(args.folder, args.into.resolve(), args.minutes, peers)
    except Unavailable as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
