"""Pictures become works over the network: good ones, bad ones, boards, polishing."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from servers import Server, serving

from studio.latent import reading
from studio.model import Model
from studio.recipe import Recipe

SIDE = 32
TURNED = 6  # EXIF: to be turned a quarter to the right


@pytest.fixture(autouse=True)
def _read(tiny_reader: Path) -> None:
    """The tiny model has read pictures before."""


def painting(width: int = 60, height: int = 44) -> Image.Image:
    y, x = np.mgrid[0:height, 0:width]
    bands = [4 * x % 256, 5 * y % 256, (3 * x + 2 * y) % 256]
    return Image.fromarray(np.stack(bands, axis=2).astype(np.uint8))


def packed(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def lines_of(response: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in response.text.splitlines()]


def bring(server: Server, data: bytes, query: str = "model=tiny") -> httpx.Response:
    return server.post(f"studio/picture?{query}", content=data)


def work_of(server: Server, data: bytes, query: str = "model=tiny") -> Recipe:
    response = bring(server, data, query)
    assert response.is_success, response.text
    return Recipe.from_dict(lines_of(response)[-1]["recipe"])


def test_a_picture_becomes_a_work_that_can_be_saved(server: Server) -> None:
    (line,) = lines_of(bring(server, packed(painting())))
    assert set(line) == {"recipe", "outside"}
    recipe = line["recipe"]
    assert recipe["variety"] == 1.0 and recipe["residual"]["amount"] == 0.5
    assert server.post("studio/save", json={"recipe": recipe}).is_success


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that says it is so large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data).to_bytes(4, "big")
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    parts = [chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


BAD = {
    "nothing": b"",
    "a text": b"not a picture",
    "SVG in disguise": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "half a JPEG": packed(painting(400, 400), "JPEG")[:900],
    "half a PNG": packed(painting(400, 400))[:900],
    "a format of no picture here": packed(painting(), "TIFF"),
    "four pixels": packed(painting(2, 2)),
    "13,000 pixels a side": bomb(13_000),
    "50,000 pixels a side": bomb(50_000),
    "a side of nothing": bomb(0),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_what_is_no_picture_is_one_sentence(data: bytes, server: Server) -> None:
    response = bring(server, data)
    assert response.status_code == 400
    assert response.json()["error"]["code"] in ("picture_unreadable", "picture_heavy")


def sixteen_bits() -> bytes:
    grey = np.arange(60 * 44, dtype=np.uint16).reshape(44, 60) * 20
    return packed(Image.fromarray(grey))


def animated(kind: str) -> bytes:
    frames = [painting().rotate(angle) for angle in (90, 180)]
    return packed(painting(), kind, save_all=True, append_images=frames)


GOOD = {
    "CMYK": packed(painting().convert("CMYK"), "JPEG"),
    "sixteen bits": sixteen_bits(),
    "a palette with holes": packed(painting().quantize(8), transparency=0),
    "grey with alpha": packed(painting().convert("LA")),
    "one bit": packed(painting().convert("1")),
    "a broken colour profile": packed(painting(), icc_profile=b"nonsense"),
    "a long strip": packed(painting(600, 20)),
}


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD.keys())
def test_unusual_pictures_are_read(data: bytes, server: Server) -> None:
    assert work_of(server, data).residual is not None


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_a_film_the_first_picture_counts(kind: str, server: Server) -> None:
    still = packed(painting(), kind, **({} if kind == "PNG" else {"quality": 80}))
    moving = work_of(server, animated(kind))
    plain = work_of(server, still if kind == "PNG" else animated(kind))
    assert moving == plain


def test_a_turned_photo_is_read_upright(server: Server) -> None:
    exif = Image.Exif()
    exif[0x0112] = TURNED
    lying = painting().transpose(Image.Transpose.ROTATE_90)
    assert work_of(server, packed(lying, exif=exif)) == work_of(
        server, packed(painting())
    )


def board(cover: np.ndarray) -> bytes:
    pixels = np.asarray(painting(SIDE, SIDE))
    alpha = (255 * cover).astype(np.uint8)[..., None]
    return packed(Image.fromarray(np.concatenate([pixels, alpha], axis=2)))


def kept_cells(recipe: Recipe) -> np.ndarray:
    assert recipe.residual is not None
    missing = np.frombuffer(recipe.residual.data, "<f2").reshape(recipe.residual.shape)
    return np.abs(missing).sum(axis=0) > 0


def test_a_board_keeps_its_pieces_and_dreams_the_rest(server: Server) -> None:
    half = np.zeros((SIDE, SIDE))
    half[:, : SIDE // 2] = 1
    made = work_of(server, board(half), "model=tiny&board=1")
    cells = kept_cells(made)
    assert cells[:, :2].all() and not cells[:, 2:].any()
    others = [
        work_of(server, board(half), f"model=tiny&board=1&chance={chance}")
        for chance in (1, 2, 1)
    ]
    assert others[0] == others[2] != others[1] != made


@pytest.mark.parametrize("cover", [0.0, 1.0])
def test_a_mask_of_everything_and_of_nothing(
    cover: float, server: Server, tiny_model: Model
) -> None:
    made = work_of(server, board(np.full((SIDE, SIDE), cover)), "model=tiny&board=1")
    assert kept_cells(made).all() == bool(cover)
    assert tiny_model.render([made]).shape == (1, SIDE, SIDE, 3)


@pytest.mark.parametrize("query", ["model=none", "", "model=..%2Ftiny"])
def test_a_model_that_is_not_there_is_told(query: str, server: Server) -> None:
    assert bring(server, packed(painting()), query).status_code == 404


def test_another_reading_needs_a_seed(server: Server) -> None:
    answer = bring(server, packed(painting()), "model=tiny&chance=-1")
    assert answer.json()["error"]["code"] == "seed_range"


def polish(server: Server, recipe: Recipe, **more: str) -> list[dict[str, Any]]:
    body = {"recipe": recipe.to_dict(), **more}
    return lines_of(server.post("studio/polish", json=body))


def missed(recipe: Recipe) -> float:
    assert recipe.residual is not None
    missing = np.frombuffer(recipe.residual.data, "<f2").astype(float)
    return float(np.square(missing).mean())


def test_polishing_tells_how_far_it_is_and_leaves_sliders_alone(server: Server) -> None:
    first = work_of(server, packed(painting())).with_direction("pca-01", 1.5)
    lines = polish(server, first)
    shares = [line["share"] for line in lines]
    assert shares == sorted(shares) and shares[-1] == 1
    last = Recipe.from_dict(lines[-1]["recipe"])
    assert missed(last) < missed(first)
    assert last.directions == first.directions


def test_polishing_looks_at_the_picture_where_it_comes_along(server: Server) -> None:
    first = work_of(server, packed(painting()))
    told = base64.b64encode(packed(painting())).decode()
    seen = Recipe.from_dict(polish(server, first, picture=told)[-1]["recipe"])
    blind = Recipe.from_dict(polish(server, first)[-1]["recipe"])
    assert seen.source != blind.source
    for bad in ("?", told[:40]):
        assert "error" in polish(server, first, picture=bad)[0]


def test_who_hangs_up_has_cancelled_and_keeps_nobody_waiting(server: Server) -> None:
    recipe = work_of(server, packed(painting()))
    for _ in range(3):  # more than may be under way
        body = {"recipe": recipe.to_dict()}
        address = f"{server.address}studio/polish"
        with httpx.stream("POST", address, json=body, trust_env=False) as response:
            next(response.iter_lines())
    assert polish(server, recipe)[-1]["share"] == 1


def test_a_work_without_a_picture_cannot_be_polished(
    server: Server, recipe: dict[str, Any]
) -> None:
    answer = server.post("studio/polish", json={"recipe": recipe})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "recipe_no_picture"


def test_a_model_that_has_read_nothing_learns_how_and_says_so(
    tiny_reader: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learning = partial(reading.learning, samples=64, works=16)
    monkeypatch.setattr(reading, "learning", learning)
    kept = tiny_reader.read_bytes()
    tiny_reader.unlink()
    try:
        with serving() as fresh:
            lines = lines_of(bring(fresh, packed(painting())))
        assert [line["share"] for line in lines[:-1]] == [0.25, 0.5, 0.75, 1.0]
        assert "recipe" in lines[-1]
        assert tiny_reader.exists()
    finally:
        tiny_reader.write_bytes(kept)


def test_a_work_takes_the_paint_or_the_form_of_another(
    server: Server, tiny_model: Model
) -> None:
    own = tiny_model.recipe(5).with_direction("pca-01", 2.0)
    other = tiny_model.recipe(6).with_direction("pca-02", 1.0)

    def taken(what: str) -> np.ndarray:
        body = {"recipe": own.to_dict(), "other": other.to_dict(), "what": what}
        (line,) = lines_of(server.post("studio/exchange", json=body))
        every = list(range(tiny_model.layers))
        mix = [{"layers": every, "source": line["source"], "amount": 1.0}]
        return tiny_model.style(Recipe.from_dict({**own.to_dict(), "mix": mix}))

    plain, step = tiny_model.style(own), tiny_model.by_name["pca-01"]
    moved = 2 * step.sigma * step.rows
    last = tiny_model.layers - 1
    # The finer layers are the painter's own; the sliders stay on top.
    paint = taken("paint") - moved
    assert np.allclose(paint[last], tiny_model.style(other)[last], atol=1e-3)
    assert np.allclose(taken("form")[last], plain[last], atol=1e-3)
    assert not np.allclose(taken("form")[0], taken("paint")[0], atol=1e-2)


def test_only_halves_can_be_exchanged(server: Server, tiny_model: Model) -> None:
    work = tiny_model.recipe(5).to_dict()
    body = {"recipe": work, "other": work, "what": "soul"}
    answer = server.post("studio/exchange", json=body)
    assert answer.json()["error"]["code"] == "exchange_kind"


def test_who_may_bring_a_picture_makes_the_server_ready(server: Server) -> None:
    answer = server.post("studio/picture/warm?model=tiny")
    assert answer.json() == {"ready": True}
