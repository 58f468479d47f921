"""A folder of pictures, with everything that people's folders hold."""

from __future__ import annotations

import random
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from studio.errors import InputError
from studio.training.dataset import Pictures, load_picture

LARGE = (512, 512)  # nothing here is reduced to it


def painting(width: int = 40, height: int = 32, mode: str = "RGB") -> Image.Image:
    """A smooth picture: red grows to the right, green downwards."""
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack([255 * x / (width - 1), 255 * y / (height - 1), 0 * x + 60], axis=2)
    return Image.fromarray(rgb.round().astype(np.uint8)).convert(mode)


def hang(picture: Image.Image, path: Path) -> None:
    """Save a picture as a PNG that is no copy of any other file, whatever it shows."""
    title = PngInfo()
    title.add_text("Title", path.name)
    picture.save(path, pnginfo=title)


def fill(folder: Path, count: int) -> None:
    for i in range(count):
        hang(painting(32 + i % 7), folder / f"{i:03d}.png")


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


# -- what is read, and how --------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("a.jpg", "RGB"),
        ("a.JPEG", "RGB"),
        ("a.webp", "RGB"),
        ("a.png", "RGB"),
        ("cmyk.jpg", "CMYK"),
        ("opaque.png", "RGBA"),
    ],
)
def test_pictures_of_every_kind_come_back_as_they_look(
    tmp_path: Path, name: str, mode: str
) -> None:
    painting(mode=mode).save(tmp_path / name, quality=95)
    loaded = load_picture(tmp_path / name, LARGE)
    assert loaded is not None and loaded.shape == (32, 40, 3)
    assert loaded.dtype == np.uint8
    difference = np.abs(loaded.astype(int) - np.asarray(painting()))
    assert difference.mean() < 6


def test_a_palette_picture_keeps_its_colours(tmp_path: Path) -> None:
    painting().quantize(64).save(tmp_path / "p.png")
    loaded = load_picture(tmp_path / "p.png", LARGE)
    assert loaded is not None
    assert np.abs(loaded.astype(int) - np.asarray(painting())).mean() < 15


def test_a_grey_picture_becomes_three_equal_channels(tmp_path: Path) -> None:
    painting(mode="L").save(tmp_path / "l.png")
    loaded = load_picture(tmp_path / "l.png", LARGE)
    assert loaded is not None
    assert np.array_equal(loaded[..., 0], loaded[..., 2])


def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 32 * 32).reshape(32, 32).astype(np.uint16)
    Image.fromarray(ramp).save(tmp_path / "deep.png")
    loaded = load_picture(tmp_path / "deep.png", LARGE)
    assert loaded is not None
    assert np.abs(loaded[..., 1].astype(int) - (ramp >> 8)).max() <= 1


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_becomes_white(tmp_path: Path, mode: str) -> None:
    picture = Image.new("RGBA", (32, 32), (200, 0, 0, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 16, 32))  # black, could one see it
    picture.convert(mode).save(tmp_path / "clear.png")
    loaded = load_picture(tmp_path / "clear.png", LARGE)
    assert loaded is not None
    assert (loaded[:, :15] == 255).all() and (loaded[:, 17:, 1] < 100).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    painting().save(tmp_path / "turned.png", exif=exif)
    loaded = load_picture(tmp_path / "turned.png", LARGE)
    assert loaded is not None
    original = np.asarray(painting())
    turned = {
        1: original,
        2: original[:, ::-1],
        3: original[::-1, ::-1],
        4: original[::-1],
        5: original.swapaxes(0, 1),
        6: np.rot90(original, -1),
        7: original[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(original),
    }
    assert np.array_equal(loaded, turned[orientation])


def test_large_pictures_are_reduced_until_they_just_cover(tmp_path: Path) -> None:
    painting(300, 100).save(tmp_path / "wide.png")
    loaded = load_picture(tmp_path / "wide.png", (32, 32))
    assert loaded is not None and loaded.shape == (64, 192, 3)


# -- what is skipped --------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.png", b""),
        ("text.jpg", b"this is a letter, not a picture"),
        ("drawing.png", b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
        ("header.png", png_header(32, 32)[:20]),
        ("bomb.png", png_header(50_000, 50_000)),
        ("large.png", png_header(12_000, 6_000)),
        ("flat.png", png_header(40_000, 8)),
        ("hollow.png", png_header(64, 64)),
        ("nothing.png", png_header(0, 0)),
    ],
)
def test_files_that_are_no_pictures_are_skipped(
    tmp_path: Path, name: str, content: bytes
) -> None:
    fill(tmp_path, 3)
    (tmp_path / name).write_bytes(content)
    pictures = Pictures(tmp_path, (32, 32), 0.1)
    assert pictures.files == ["000.png", "001.png", "002.png"]


@pytest.mark.parametrize("kind", ["TIFF", "GIF", "BMP", "PPM"])
def test_other_formats_are_skipped_whatever_their_name(
    tmp_path: Path, kind: str
) -> None:
    painting().save(tmp_path / "disguised.png", kind)
    assert load_picture(tmp_path / "disguised.png", LARGE) is None


def test_tiny_pictures_are_skipped(tmp_path: Path) -> None:
    for i, (width, height) in enumerate([(15, 40), (40, 15), (16, 16)]):
        painting(width, height).save(tmp_path / f"{i}.png")
    sizes = [load_picture(tmp_path / f"{i}.png", LARGE) is None for i in range(3)]
    assert sizes == [True, True, False]


def test_a_folder_named_as_a_picture_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "album.png").mkdir()
    fill(tmp_path / "album.png", 2)
    pictures = Pictures(tmp_path, (32, 32), 0.1)
    assert pictures.files == ["album.png/000.png", "album.png/001.png"]


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_damaged_bytes_never_stop_a_run(tmp_path: Path, kind: str) -> None:
    buffer = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    painting().save(buffer, kind, exif=exif)
    whole, chance = buffer.getvalue(), random.Random(0)
    path = tmp_path / f"damaged.{kind}"
    for _ in range(60):
        data = bytearray(whole[: chance.randrange(len(whole))])
        for _ in range(4):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
        loaded = load_picture(path, LARGE)
        assert loaded is None or loaded.dtype == np.uint8


def test_a_missing_folder_and_a_file_are_told_apart_from_an_empty_one(
    tmp_path: Path,
) -> None:
    painting().save(tmp_path / "one.png")
    for folder, code in (
        (tmp_path / "nowhere", "folder_missing"),
        (tmp_path / "one.png", "folder_missing"),
        (tmp_path, "folder_empty"),  # one picture is not enough
    ):
        with pytest.raises(InputError) as caught:
            Pictures(folder, (32, 32), 0.1)
        assert caught.value.code == code
        assert caught.value.params["folder"]


# -- the split --------------------------------------------------------------------


def test_the_split_holds_out_about_its_share(tmp_path: Path) -> None:
    fill(tmp_path, 120)
    pictures = Pictures(tmp_path, (32, 32), 0.2)
    assert 12 <= len(pictures.held_out) <= 40
    assert sorted(pictures.train + pictures.held_out) == list(range(120))


def test_the_split_stays_when_a_file_is_added(tmp_path: Path) -> None:
    fill(tmp_path, 60)

    def held_out() -> set[str]:
        pictures = Pictures(tmp_path, (32, 32), 0.2)
        return {pictures.files[i] for i in pictures.held_out}

    before = held_out()
    hang(painting(), tmp_path / "0000-first.png")
    assert before and held_out() - {"0000-first.png"} == before


def test_a_few_pictures_are_all_trained_on(tmp_path: Path) -> None:
    fill(tmp_path, 4)
    pictures = Pictures(tmp_path, (32, 32), 0.2)
    assert pictures.train == [0, 1, 2, 3] and pictures.held_out == []


def test_the_fingerprint_changes_with_the_pictures(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    before = Pictures(tmp_path, (32, 32), 0.1).fingerprint
    assert Pictures(tmp_path, (32, 32), 0.1).fingerprint == before
    painting(36).transpose(Image.Transpose.ROTATE_180).save(tmp_path / "001.png")
    assert Pictures(tmp_path, (32, 32), 0.1).fingerprint != before


# -- crops ------------------------------------------------------------------------


def gradients(picture: np.ndarray) -> tuple[float, float, float, float]:
    """Left and right end of red, top and bottom end of green, 0..1."""
    red, green = picture[..., 0] / 255, picture[..., 1] / 255
    return red[:, 0].mean(), red[:, -1].mean(), green[0].mean(), green[-1].mean()


def test_what_only_shows_pictures_whole_keeps_no_more_of_them(tmp_path: Path) -> None:
    for i in range(4):
        hang(painting(90, 70 + i), tmp_path / f"{i}.png")
    every, small = (Pictures(tmp_path, (32, 32), 0.5, whole=w) for w in (False, True))
    assert every.fingerprint == small.fingerprint
    assert (every.train, every.held_out) == (small.train, small.held_out)
    assert [image.shape for image in small.images] == [(32, 32, 3)] * 4
    for i in range(4):
        assert np.array_equal(every.whole(i), small.whole(i))


@pytest.mark.parametrize(
    ("picture", "resolution", "ends"),
    [
        ((120, 60), (32, 32), (0.25, 0.75, 0, 1)),  # the sides of a landscape go
        ((60, 120), (32, 32), (0, 1, 0.25, 0.75)),
        ((60, 120), (64, 32), (0, 1, 0, 1)),  # it has the very shape
        ((96, 96), (64, 32), (0.25, 0.75, 0, 1)),
        ((96, 96), (32, 64), (0, 1, 0.25, 0.75)),
    ],
)
def test_whole_is_the_largest_centred_box(
    tmp_path: Path,
    picture: tuple[int, int],
    resolution: tuple[int, int],
    ends: tuple[float, ...],
) -> None:
    for name in "ab":
        hang(painting(*picture), tmp_path / f"{name}.png")
    whole = Pictures(tmp_path, resolution, 0).whole(0)
    assert whole.shape == (*resolution, 3)
    assert gradients(whole) == pytest.approx(ends, abs=0.03)


@pytest.mark.parametrize("width", [58, 123, 225, 487])
def test_a_side_that_rounds_badly_still_has_a_centre(
    tmp_path: Path, width: int
) -> None:
    # 224 * (58 / 224) is larger than 58 in floating point
    for name in "ab":
        hang(painting(width, width), tmp_path / f"{name}.png")
    pictures, rng = Pictures(tmp_path, (224, 224), 0), np.random.default_rng(0)
    assert pictures.whole(0).shape == (224, 224, 3)
    assert pictures.view(0, rng, True).shape == (224, 224, 3)
    assert pictures.crop(0, 64, rng).shape == (64, 64, 3)


def test_views_are_near_the_whole_and_differ(tmp_path: Path) -> None:
    for name in "ab":
        hang(painting(100, 80), tmp_path / f"{name}.png")
    pictures, rng = Pictures(tmp_path, (64, 32), 0), np.random.default_rng(0)
    views = [pictures.view(0, rng, mirror=False) for _ in range(8)]
    assert all(view.shape == (64, 32, 3) for view in views)
    assert len({view.tobytes() for view in views}) == 8
    for view in views:
        left, right, top, bottom = gradients(view)
        assert right > left and bottom - top > 0.8


def test_mirrored_views_are_half_of_them(tmp_path: Path) -> None:
    for name in "ab":
        hang(painting(80, 80), tmp_path / f"{name}.png")
    pictures, rng = Pictures(tmp_path, (32, 32), 0), np.random.default_rng(0)
    ends = [gradients(pictures.view(0, rng, mirror=True)) for _ in range(60)]
    assert 15 < sum(left > right for left, right, *_ in ends) < 45


def test_crops_have_about_the_scale_of_the_whole(tmp_path: Path) -> None:
    for name in "ab":
        hang(painting(200, 150), tmp_path / f"{name}.png")
    pictures, rng = Pictures(tmp_path, (64, 64), 0), np.random.default_rng(0)
    crops = [pictures.crop(0, 32, rng) for _ in range(20)]
    assert all(crop.shape == (32, 32, 3) for crop in crops)
    # half a side of the whole's height, times 0.8 to 1.25
    spans = [gradients(crop)[3] - gradients(crop)[2] for crop in crops]
    assert 0.37 < min(spans) < 0.48 and 0.52 < max(spans) < 0.64
