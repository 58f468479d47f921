"""A trained model's folder: three weights files, directions and a card.

Nothing here imports torch: models can be listed, located and described at once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from studio.config import read_json
from studio.direction import are_measures, are_words, is_direction
from studio.errors import ModelError
from studio.paths import checkpoints_folder, runs_folder, write_atomically

FORMAT = 1
COARSEST_TICK = 2.0  # seconds, of any file system's clock
NEEDED = ("autoencoder.safetensors", "generator.safetensors", "directions.safetensors")
WORDS = "words.safetensors"  # directions that words name, where they were found
PREVIEW = "preview.webp"
Tensors = Mapping[str, np.ndarray]

MOST_SIDE = 4096  # any width, depth or side in a card
MOST_DEPTH = 16  # layers of a kind: widths in a list, blocks a stage
MOST_TEXT = 200  # characters of a title or a name

CARD_TYPES: dict[str, type | tuple[type, ...]] = {
    "title": str,
    "family": str,
    "resolution": list,
    "layers": int,
    "w_dim": int,
    "latent_channels": int,
    "default_variety": (int, float),
    "networks": dict,
    "directions": list,
    "shapes": dict,
    "data": dict,
    "training": dict,
}


def locate(name: str) -> Path:
    """Find MODEL: a name among the checkpoints, then a run's name, then a path.

    Raises ModelError where none of them has a card.
    """
    plain = name not in ("", ".", "..") and not any(c in name for c in "/\\\0")
    candidates = [Path(name)] if "\0" not in name else []
    if plain:
        run = runs_folder() / name / "checkpoint"
        candidates = [checkpoints_folder() / name, run, *candidates]
    for folder in candidates:
        try:
            if (folder / "card.json").is_file():
                return folder
        except OSError:  # a name longer than the file system allows
            continue
    raise ModelError("model_missing", name=name)


def model_name(folder: Path) -> str:
    """Give the name by which a checkpoint's folder is called."""
    # a link is called by its own name, not by that of what it leads to
    folder = folder.absolute()
    return folder.parent.name if folder.name == "checkpoint" else folder.name


def read_card(folder: Path) -> dict[str, Any]:
    """Read and check `card.json`. Raises ModelError with what is wrong."""
    name = model_name(folder)
    try:
        card = read_json((folder / "card.json").read_text("utf-8"))
    except (OSError, ValueError):
        raise ModelError("model_card", name=name) from None
    if not isinstance(card, dict):
        raise ModelError("model_card", name=name)
    if isinstance(card.get("format"), int) and card["format"] > FORMAT:
        raise ModelError("model_newer", name=name)
    for key, kind in CARD_TYPES.items():
        if not isinstance(card.get(key), kind) or isinstance(card[key], bool):
            raise ModelError("model_card_key", name=name, key=key)
    _check_numbers(name, card)
    return card


def _check_numbers(name: str, card: dict[str, Any]) -> None:
    size = card["resolution"]
    sane = len(size) == 2 and all(type(s) is int and 8 <= s <= 4096 for s in size)
    if not sane:
        raise ModelError("model_card_key", name=name, key="resolution")
    for key, most in (("layers", 64), ("w_dim", 4096), ("latent_channels", 256)):
        if not 1 <= card[key] <= most:
            raise ModelError("model_card_key", name=name, key=key)
    if not 0 <= card["default_variety"] <= 1.5:
        raise ModelError("model_card_key", name=name, key="default_variety")
    for key in ("title", "family"):
        if len(card[key]) > MOST_TEXT:
            raise ModelError("model_card_key", name=name, key=key)
    if not all(map(_is_network, card["networks"].values())):
        raise ModelError("model_card_key", name=name, key="networks")
    if not all(map(is_direction, card["directions"])):
        raise ModelError("model_card_key", name=name, key="directions")
    if not are_words(card.get("words", [])):
        raise ModelError("model_card_key", name=name, key="words")
    if not are_measures(card.get("measures", [])):
        raise ModelError("model_card_key", name=name, key="measures")
    if not _are_kinds(card.get("kinds", [])):
        raise ModelError("model_card_key", name=name, key="kinds")


def _is_network(config: Any) -> bool:
    """Tell whether a network has sane sizes, before anybody builds it."""
    if not isinstance(config, dict):
        return False
    for key, value in config.items():
        if key == "plan" and type(value) is bool:  # it has one or has not
            continue
        sizes = value if isinstance(value, list) else [value]
        deep = key.endswith("blocks")
        most = MOST_DEPTH if deep or key == "mapping_layers" else MOST_SIDE
        least = 0 if deep or key in ("kinds", "layout") else 1  # may go without
        if not 1 <= len(sizes) <= MOST_DEPTH:
            return False
        if not all(type(size) is int and least <= size <= most for size in sizes):
            return False
    return True


def _are_kinds(data: Any) -> bool:
    """Tell whether these are kinds by name, each with its share of all seeds."""
    if not isinstance(data, list) or not all(isinstance(kind, dict) for kind in data):
        return False
    names = [kind.get("name") for kind in data]
    shares = [kind.get("share") for kind in data]
    if not all(type(n) is str and 1 <= len(n) <= MOST_TEXT for n in names):
        return False
    if not all(type(s) is float and 0 <= s <= 1 for s in shares):
        return False
    return len(set(names)) == len(names) and sum(shares) < 1 + 1e-3


def read_weights(folder: Path, file: str) -> dict[str, np.ndarray]:
    """Read a weights file as fp32 arrays.

    Raises ModelError for a missing, truncated, pickled or otherwise foreign file and
    for numbers that are not finite.
    """
    name = model_name(folder)
    try:
        with safe_open(folder / file, framework="np") as tensors:
            arrays = {key: tensors.get_tensor(key) for key in tensors.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise ModelError("model_file_missing", name=name, file=file) from None
    except (SafetensorError, OSError, ValueError, TypeError, KeyError):
        raise ModelError("model_file_damaged", name=name, file=file) from None
    for array in arrays.values():
        if array.dtype.kind != "f" or not np.isfinite(array).all():
            raise ModelError("model_file_numbers", name=name, file=file)
    return {key: array.astype(np.float32) for key, array in arrays.items()}


def fingerprint(folder: Path) -> str:
    """Give 16 hexadecimal digits that change when any picture-making weight does."""
    name = model_name(folder)
    try:
        stats = [(folder / file).stat() for file in NEEDED]
    except OSError:
        raise ModelError("model_file_missing", name=name, file="weights") from None
    stamps = tuple((s.st_mtime_ns, s.st_size) for s in stats)
    read = _fingerprint if _is_settled(stats) else _fingerprint.__wrapped__
    return read(folder, stamps)


def installed(name: str) -> Path:
    """Return the folder of an installed model. Raises ModelError.

    Only names that are listed count: the network must not reach any path it likes,
    as the command line may.
    """
    if not any(model["name"] == name for model in list_models()):
        raise ModelError("model_missing", name=name)
    return locate(name)


def edition(folder: Path) -> str:
    """Give the fingerprint, and of the words that were found for the model another."""
    try:
        stat = (folder / WORDS).stat()
    except OSError:
        return fingerprint(folder)
    stamp = (stat.st_mtime_ns, stat.st_size)
    read = _digest if _is_settled([stat]) else _digest.__wrapped__
    return f"{fingerprint(folder)}-{read(folder / WORDS, stamp)}"


@lru_cache(maxsize=64)
def _digest(file: Path, stamp: tuple[int, int]) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:8]


def _is_settled(stats: list[os.stat_result]) -> bool:
    """Tell whether files are old enough that a change would show in their times.

    File clocks are coarse: two writes within one tick leave the same time.
    """
    return time.time() - max(s.st_mtime for s in stats) > COARSEST_TICK


@lru_cache(maxsize=64)
def _fingerprint(folder: Path, stamps: tuple[tuple[int, int], ...]) -> str:
    digest = hashlib.sha256()
    for file in NEEDED:
        digest.update(hashlib.sha256((folder / file).read_bytes()).digest())
    return digest.hexdigest()[:16]


def list_models() -> list[dict[str, Any]]:
    """Describe every installed checkpoint and every run that has one."""
    installed = sorted(checkpoints_folder().glob("*/card.json"))
    runs = sorted(runs_folder().glob("*/checkpoint/card.json"))
    folders = [path.parent for path in (*installed, *runs)]
    found: dict[str, dict[str, Any]] = {}
    for folder in folders:
        if folder.name.startswith("."):  # being written, or left half written
            continue
        found.setdefault(model_name(folder), describe(folder))
    return list(found.values())


def describe(folder: Path) -> dict[str, Any]:
    """Give one entry of `list_models`; a broken checkpoint says its problem."""
    entry: dict[str, Any] = dict.fromkeys(("title", "family", "resolution", "images"))
    entry |= {"name": model_name(folder), "ready": False, "problem": None}
    try:
        card = read_card(folder)
        entry |= {key: card[key] for key in ("title", "family", "resolution")}
        entry["titles"] = _titles(card["data"].get("translations"))
        images = card["data"].get("images")
        entry["images"] = images if isinstance(images, int) else None
        _check_as_it_is(folder)
    except ModelError as problem:
        return entry | {"problem": str(problem), "error": problem.as_dict()}
    return entry | {"ready": True}


def _titles(translations: Any) -> dict[str, str]:
    """Give a model's title by language, where its makers wrote one."""
    found = translations.items() if isinstance(translations, dict) else ()
    titles = {code: said.get("title") for code, said in found if isinstance(said, dict)}
    return {code: title for code, title in titles.items() if isinstance(title, str)}


def _check_as_it_is(folder: Path) -> None:
    files = [folder / file for file in (*NEEDED, WORDS, "card.json")]
    stats = [file.stat() for file in files if file.exists()]
    stamp = tuple(number for s in stats for number in (s.st_mtime_ns, s.st_size))
    check = _check_files if _is_settled(stats) else _check_files.__wrapped__
    check(folder, stamp)


@lru_cache(maxsize=64)
def _check_files(folder: Path, stamp: tuple[int, ...]) -> None:
    card = read_card(folder)
    for file in (*NEEDED, *([WORDS] if card.get("measures") else [])):
        arrays = read_weights(folder, file)
        expected = card["shapes"].get(file)
        if {key: list(a.shape) for key, a in arrays.items()} != expected:
            raise ModelError("model_file_shapes", name=model_name(folder), file=file)


def write_checkpoint(
    folder: Path, weights: Mapping[str, Tensors], card: dict[str, Any], preview: bytes
) -> None:
    """Write a checkpoint beside `folder`, then put it in its place.

    `weights` maps a file's stem to its arrays; they are stored as fp16. Raises
    ModelError when a number is not finite, and leaves what was there.
    """
    new = beside(folder, "new")
    shutil.rmtree(new, ignore_errors=True)
    try:
        new.mkdir(parents=True)
        _fill(new, folder.name, weights, card)
        write_atomically(new / PREVIEW, preview)
        replace_folder(new, folder)
    except BaseException:  # a full disk needs the room
        shutil.rmtree(new, ignore_errors=True)
        raise


def _fill(
    new: Path, name: str, weights: Mapping[str, Tensors], card: dict[str, Any]
) -> None:
    shapes = {}
    for stem, arrays in weights.items():
        file = f"{stem}.safetensors"
        shapes[file] = {key: list(a.shape) for key, a in arrays.items()}
        write_atomically(new / file, pack_weights(arrays, name, stem))
    told = {f: shapes[f] for f in (*NEEDED, WORDS) if f in NEEDED or f in shapes}
    _write_card(new, {"format": FORMAT, **card, "shapes": told})


def _write_card(folder: Path, card: dict[str, Any]) -> None:
    text = json.dumps(card, indent=1, ensure_ascii=False)
    write_atomically(folder / "card.json", (text + "\n").encode())


def write_words(folder: Path, arrays: Tensors, facts: dict[str, Any]) -> None:
    """Give a checkpoint these named directions instead of those that it has.

    `facts` are entries of its card, `words` among them. No picture of a recipe without
    words changes. Raises ModelError, and OSError where nothing can be written.
    """
    packed = pack_weights(arrays, folder.name, "words")
    own = {key: list(a.shape) for key, a in arrays.items()}
    shapes = {**read_card(folder)["shapes"], WORDS: own}
    amend(folder, {**facts, "shapes": shapes}, {WORDS: packed})


def amend(
    folder: Path, facts: Mapping[str, Any], files: Mapping[str, bytes] | None = None
) -> None:
    """Write `facts` into a checkpoint's card, and `files` beside it.

    All else stays to the byte, and with it the fingerprint. The whole folder is
    replaced in one rename. Raises ModelError, and OSError where nothing can be
    written; what was there is left.
    """
    new = beside(folder, "new")
    shutil.rmtree(new, ignore_errors=True)
    try:
        shutil.copytree(folder, new)
        for name, data in (files or {}).items():
            write_atomically(new / name, data)
        _write_card(new, read_card(folder) | dict(facts))
        replace_folder(new, folder)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def pack_weights(
    arrays: Tensors, name: str, stem: str, mark: dict[str, str] | None = None
) -> bytes:
    """Give arrays as a weights file, in fp16, with a mark of texts in its head.

    Raises ModelError, about the model `name`, when a number is not finite.
    """
    with np.errstate(over="ignore"):  # found below, and told
        half = {key: np.asarray(a, dtype=np.float16) for key, a in arrays.items()}
    if not all(np.isfinite(a).all() for a in half.values()):
        raise ModelError("model_file_numbers", name=name, file=stem)
    return save({key: np.ascontiguousarray(a) for key, a in half.items()}, mark)


def beside(folder: Path, what: str) -> Path:
    """Give a hidden name beside a folder: where its `new` or `old` self lies."""
    return folder.with_name(f".{folder.name}.{what}")


def replace_folder(new: Path, folder: Path) -> None:
    """Put `new` where `folder` is; what was there is gone afterwards."""
    old = beside(folder, "old")
    recover_folder(folder)
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        recover_folder(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def recover_folder(folder: Path) -> None:
    """Bring back what a kill between the two renames of `replace_folder` hid."""
    old = beside(folder, "old")
    if old.exists() and not folder.exists():
        old.rename(folder)
