"""Folders of photos as people keep them: every kind of picture read right, every broken one named."""

import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pasyn_blender.errors import BackgroundError
from styles.backgrounds import list_photos, photo_cache, photo_crop
from styles.photo_files import photo_files
from styles.photo_reading import UnreadablePhotoError, read_photo

QUADRANTS = np.array([[(200, 40, 40), (40, 180, 40)], [(40, 40, 200), (220, 220, 60)]], np.uint8)
"""Red, green over blue, yellow: no turn or flip of it is itself."""


def quadrants(width: int = 96, height: int = 64) -> Image.Image:
    return Image.fromarray(QUADRANTS).resize((width, height), Image.Resampling.NEAREST)


def centres(image: Image.Image) -> np.ndarray:
    """(2, 2, 3) colours in the middle of each quadrant."""
    pixels = np.asarray(image).astype(int)
    height, width = pixels.shape[:2]
    return pixels[height // 4 :: height // 2][:2, width // 4 :: width // 2][:, :2]


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]
    return path


def test_photos_are_found_by_suffix_below_the_folder_in_one_order(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.jpeg", "Z.png", "deep/er/c.webp", "deep/d.TIFF", "e.bmp", "f.tif"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        saved(tmp_path / name, quadrants())
    for name in ("readme.txt", "film.mp4", ".thumb.jpg", ".cache/g.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"no photo")
    expected = ["Z.png", "a.jpeg", "b.JPG", "deep/d.TIFF", "deep/er/c.webp", "e.bmp", "f.tif"]
    assert photo_files(tmp_path) == expected
    library = list_photos([tmp_path, tmp_path / "deep"])
    assert library.photos == (*((0, name) for name in expected), (1, "d.TIFF"), (1, "er/c.webp"))
    assert library.warnings == ()
    assert library.path(1, "er/c.webp") == tmp_path / "deep" / "er" / "c.webp"


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    saved(tmp_path / "a.png", quadrants())
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "linked.png").symlink_to(tmp_path / "a.png")
    assert photo_files(tmp_path) == ["a.png", "linked.png"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_named_like_a_photo_is_not_waited_for(tmp_path: Path) -> None:
    saved(tmp_path / "a.png", quadrants())
    os.mkfifo(tmp_path / "pipe.jpg")
    assert photo_files(tmp_path) == ["a.png"]


def test_broken_pictures_are_left_out_each_with_its_reason(tmp_path: Path) -> None:
    saved(tmp_path / "good.jpg", quadrants())
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8))
    (tmp_path / "empty.jpg").write_bytes(b"")
    saved(tmp_path / "pixel.png", Image.new("RGB", (1, 1)))
    saved(tmp_path / "sliver.png", Image.new("RGB", (4000, 2)))
    (tmp_path / "text.jpg").write_text("this is not a photo")
    for name in ("cut.jpg", "cut.png", "cut.webp", "cut.tif", "cut.bmp"):
        whole = saved(tmp_path / name, noise).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    damaged = bytearray(saved(tmp_path / "flipped.png", noise).read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    (tmp_path / "flipped.png").write_bytes(damaged)
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nothing")
    library = list_photos([tmp_path])
    assert library.photos == ((0, "good.jpg"),)
    reasons = {warning.split(": left out: ")[0].rsplit("/", 1)[1]: warning for warning in library.warnings}
    assert set(reasons) == {
        "empty.jpg", "pixel.png", "sliver.png", "text.jpg", "flipped.png", "gone.jpg",
        "cut.jpg", "cut.png", "cut.webp", "cut.tif", "cut.bmp",
    }  # fmt: skip
    assert "0 bytes" in reasons["empty.jpg"]
    assert "only 1x1 pixels" in reasons["pixel.png"]
    assert "not a picture" in reasons["text.jpg"]
    assert "truncated" in reasons["cut.jpg"]
    for warning in library.warnings:
        assert "\n" not in warning and len(warning) < 300


def test_folders_without_a_usable_photo_are_errors(tmp_path: Path) -> None:
    (tmp_path / "LICENCE.txt").write_text("words")
    with pytest.raises(BackgroundError, match=r"found no photo in it; put pictures there \(jpg, jpeg"):
        list_photos([tmp_path])
    (tmp_path / "a.jpg").write_bytes(b"")
    (tmp_path / "b.jpg").write_bytes(b"x")
    with pytest.raises(BackgroundError, match=r"none of its 2 pictures.*a\.jpg: left out.*0 bytes.*b\.jpg"):
        list_photos([tmp_path])
    with pytest.raises(BackgroundError, match="cannot be read"):
        list_photos([tmp_path / "absent"])


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "bmp"])
def test_every_format_gives_its_colours(tmp_path: Path, suffix: str) -> None:
    path = saved(tmp_path / f"a.{suffix}", quadrants(), **({"quality": 95} if suffix != "bmp" else {}))
    image = read_photo(path, 64)
    assert (image.mode, image.size) == ("RGB", (96, 64))
    assert np.abs(centres(image) - QUADRANTS).max() <= 12


def test_every_colour_kind_gives_rgb(tmp_path: Path) -> None:
    grey = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    expected = (grey / 257).round().astype(int)
    for name, image in {
        "16.png": Image.fromarray(grey),
        "16.tif": Image.fromarray(grey),
        "int.tif": Image.fromarray(grey.astype(np.int32)),
        "fraction.tif": Image.fromarray((grey / 65535).astype(np.float32)),
        "bytes.tif": Image.fromarray((grey / 257).astype(np.float32)),
        "8.png": Image.fromarray(expected.astype(np.uint8)),
    }.items():
        pixels = np.asarray(read_photo(saved(tmp_path / name, image), 64)).astype(int)
        assert pixels.shape == (64, 64, 3), name
        assert np.abs(pixels - expected[..., None]).max() <= 1, name
    colours = quadrants()
    for name, image in {
        "cmyk.jpg": colours.convert("CMYK"),
        "cmyk.tif": colours.convert("CMYK"),
        "palette.png": colours.convert("P", palette=Image.Palette.ADAPTIVE),
        "one.png": colours.convert("1"),
    }.items():
        pixels = read_photo(saved(tmp_path / name, image), 64)
        assert pixels.mode == "RGB"
        if name != "one.png":
            assert np.abs(centres(pixels) - QUADRANTS).max() <= 25, name


def deep_png(pixels: np.ndarray) -> bytes:
    """A PNG of 16 bits a channel, which Pillow reads and does not write."""
    height, width, channels = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    kind = {2: 4, 3: 2, 4: 6}[channels]
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([16, kind, 0, 0, 0])
    data = b"\x89PNG\r\n\x1a\n"
    for name, content in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        checksum = zlib.crc32(name + content).to_bytes(4, "big")
        data += len(content).to_bytes(4, "big") + name + content + checksum
    return data


def deep_tiff(pixels: np.ndarray, order: str) -> bytes:
    """An uncompressed RGB TIFF of 16 bits a channel; ``order`` is < or >, the order of its bytes."""
    height, width, _ = pixels.shape
    data = pixels.astype(f"{order}u2").tobytes()
    bits = struct.pack(f"{order}3H", 16, 16, 16)
    place = 8 + len(data)
    entries = [(256, 1, width), (257, 1, height), (258, 3, None), (259, 1, 1), (262, 1, 2), (273, 1, 8),
               (277, 1, 3), (278, 1, height), (279, 1, len(data)), (284, 1, 1)]  # fmt: skip
    directory = struct.pack(f"{order}H", len(entries))
    for tag, count, value in entries:
        directory += (
            struct.pack(f"{order}HHII", tag, 3, count, place)
            if value is None
            else struct.pack(f"{order}HHII", tag, 4, count, value)
        )
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(f"{order}I", place + len(bits)) + data + bits + directory + bytes(4)


def test_deep_colours_are_read_as_they_are(tmp_path: Path) -> None:
    deep = np.asarray(quadrants()).astype(np.uint16) * 257
    opaque = np.full((64, 96, 1), 65535, np.uint16)
    (tmp_path / "rgb.png").write_bytes(deep_png(deep))
    (tmp_path / "rgba.png").write_bytes(deep_png(np.concatenate([deep, opaque], axis=2)))
    (tmp_path / "little.tif").write_bytes(deep_tiff(deep, "<"))
    (tmp_path / "big.tif").write_bytes(deep_tiff(deep, ">"))
    for name in ("rgb.png", "rgba.png", "little.tif", "big.tif"):
        assert np.abs(centres(read_photo(tmp_path / name, 64)) - QUADRANTS).max() <= 1, name
    (tmp_path / "la.png").write_bytes(deep_png(np.concatenate([deep[..., :1], opaque], axis=2)))
    assert np.abs(centres(read_photo(tmp_path / "la.png", 64)) - QUADRANTS[..., :1]).max() <= 1


def test_floats_of_no_known_unit_are_refused_and_lost_pixels_spoil_no_others(tmp_path: Path) -> None:
    fraction = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (64, 1))
    for name, value in (("nan.tif", np.nan), ("infinite.tif", np.inf)):
        broken = fraction.copy()
        broken[0, 0] = value
        pixels = np.asarray(read_photo(saved(tmp_path / name, Image.fromarray(broken)), 64)).astype(int)
        assert np.abs(pixels[1, :, 0] - np.linspace(0, 255, 64)).max() <= 1
    for name, values, reason in (
        ("light.tif", fraction * 5, "greys go up to 5"),
        ("energy.tif", fraction * 1e9, "greys go up to 1e"),
        ("nothing.tif", fraction * np.nan, "no pixel has a number"),
    ):
        with pytest.raises(UnreadablePhotoError, match=reason):
            read_photo(saved(tmp_path / name, Image.fromarray(values)), 64)


def colour_profile(red: tuple[float, ...], green: tuple[float, ...], blue: tuple[float, ...]) -> bytes:
    """An ICC profile of three primaries (XYZ under D50) and gamma 2.2."""

    def fixed(*values: float) -> bytes:
        return b"".join(round(value * 65536).to_bytes(4, "big", signed=True) for value in values)

    curve = b"curv" + bytes(4) + (1).to_bytes(4, "big") + round(2.2 * 256).to_bytes(2, "big") + bytes(2)
    text = b"desc" + bytes(4) + (5).to_bytes(4, "big") + b"wide\0" + bytes(79)
    tags = [(b"desc", text), (b"wtpt", b"XYZ " + bytes(4) + fixed(0.9642, 1.0, 0.8249))]
    tags += [(name, b"XYZ " + bytes(4) + fixed(*xyz)) for name, xyz in
             ((b"rXYZ", red), (b"gXYZ", green), (b"bXYZ", blue))]  # fmt: skip
    tags += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    place = 128 + 4 + 12 * len(tags)
    table, body = len(tags).to_bytes(4, "big"), b""
    for name, content in tags:
        content += bytes(-len(content) % 4)
        table += name + (place + len(body)).to_bytes(4, "big") + len(content).to_bytes(4, "big")
        body += content
    size = 128 + len(table) + len(body)
    header = size.to_bytes(4, "big") + bytes(4) + b"\x02\x10\0\0" + b"mntrRGB XYZ " + bytes(12) + b"acsp"
    header += bytes(28) + fixed(0.9642, 1.0, 0.8249)
    return header.ljust(128, b"\0") + table + body


# Primaries of Adobe RGB (1998), adapted to D50, as its specification gives them.
ADOBE = colour_profile((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))


def test_colours_of_another_profile_are_converted(tmp_path: Path) -> None:
    plain = centres(read_photo(saved(tmp_path / "plain.png", quadrants()), 64))
    wide = centres(read_photo(saved(tmp_path / "wide.png", quadrants(), icc_profile=ADOBE), 64))
    # The same numbers stand for a purer green there: sRGB needs less red for it, if it has it at all.
    assert wide[0, 1, 0] == 0 and plain[0, 1, 0] == 40
    assert wide[0, 0, 0] > plain[0, 0, 0] + 15
    photo = saved(tmp_path / "wide.jpg", quadrants(960, 640), icc_profile=ADOBE, quality=95)
    assert np.abs(centres(read_photo(photo, 64)) - wide).max() <= 12
    grey = saved(tmp_path / "grey.png", Image.new("RGB", (64, 64), (128, 128, 128)), icc_profile=ADOBE)
    assert np.abs(np.asarray(read_photo(grey, 64)).astype(int) - 128).max() <= 2


def test_a_profile_that_does_not_fit_or_is_damaged_loses_no_photo(tmp_path: Path) -> None:
    for name, image, profile in (
        ("cut.png", quadrants(), ADOBE[:200]),
        ("garbage.png", quadrants(), b"no profile at all"),
        ("other.jpg", quadrants().convert("CMYK"), ADOBE),
    ):
        pixels = centres(read_photo(saved(tmp_path / name, image, icc_profile=profile), 64))
        assert np.abs(pixels - QUADRANTS).max() <= 25, name


def test_transparent_parts_become_grey_not_what_was_hidden_there(tmp_path: Path) -> None:
    image = quadrants().convert("RGBA")
    image.paste((255, 0, 255, 0), (0, 0, 48, 32))
    for name in ("a.png", "a.webp"):
        options = {"exact": True, "lossless": True} if name == "a.webp" else {}
        pixels = centres(read_photo(saved(tmp_path / name, image, **options), 64))
        assert np.abs(pixels[0, 0] - 128).max() <= 1
        assert np.abs(pixels[1, 1] - QUADRANTS[1, 1]).max() <= 1
    palette = quadrants().convert("P", palette=Image.Palette.ADAPTIVE)
    index = palette.getpixel((2, 2))
    path = saved(tmp_path / "p.png", palette, transparency=index)
    assert np.abs(centres(read_photo(path, 64))[0, 0] - 128).max() <= 1
    half = Image.new("LA", (64, 64), (255, 128))
    assert abs(int(np.asarray(read_photo(saved(tmp_path / "la.png", half), 64))[5, 5, 0]) - 192) <= 1


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_stand_upright(tmp_path: Path, orientation: int, large: bool) -> None:
    # What a camera held in each of the eight ways stores of the same scene.
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    scene = quadrants(960, 640) if large else quadrants()
    stored = scene if orientation == 1 else scene.transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = read_photo(saved(tmp_path / "a.jpg", stored, exif=exif, quality=95), 64)
    assert image.size == ((120, 80) if large else (96, 64))
    assert np.abs(centres(image) - QUADRANTS).max() <= 12


@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
@pytest.mark.parametrize("size", [(96, 64), (960, 640)])
def test_formats_with_orientation_stand_upright(tmp_path: Path, suffix: str, size: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = quadrants(*size).transpose(Image.Transpose.ROTATE_90)
    image = read_photo(saved(tmp_path / f"a.{suffix}", stored, exif=exif), 64)
    assert image.size == ((96, 64) if size[0] == 96 else (120, 80))
    assert np.abs(centres(image) - QUADRANTS).max() <= 25


def test_deep_scans_are_shrunk_too(tmp_path: Path) -> None:
    grey = np.tile(np.linspace(0, 65535, 800).astype(np.uint16), (640, 1))
    pixels = np.asarray(read_photo(saved(tmp_path / "a.png", Image.fromarray(grey)), 80)).astype(int)
    assert pixels.shape == (80, 100, 3)
    assert np.abs(pixels[:, :, 1] - np.linspace(1, 254, 100)).max() <= 2


def test_broken_exif_loses_no_photo(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", quadrants(), exif=b"Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff garbage")
    assert read_photo(path, 64).size == (96, 64)


def test_photos_are_shrunk_while_they_are_read_but_never_below_the_need(tmp_path: Path) -> None:
    scene = quadrants(1200, 800)
    for name in ("a.jpg", "a.png", "p.png"):
        image = scene.convert("P", palette=Image.Palette.ADAPTIVE) if name == "p.png" else scene
        path = saved(tmp_path / name, image)
        assert read_photo(path, 100).size == (150, 100)
        assert read_photo(path, 101).size == (300, 200)
        assert read_photo(path, 401).size == (1200, 800)
        assert np.abs(centres(read_photo(path, 100)) - QUADRANTS).max() <= 12


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_two_hundred_megapixels_neither_burst_memory_nor_pillow(tmp_path: Path) -> None:
    saved(tmp_path / "huge.jpg", Image.new("RGB", (16400, 12300), (90, 120, 60)), quality=30)
    # In a process of its own: the peak of this one already holds the picture that was just made.
    program = f"""
import re, warnings
from pathlib import Path
warnings.simplefilter("error")
from PIL import Image
from styles.backgrounds import list_photos, photo_crop
def peak():
    # Not getrusage: its peak begins with the parent's.
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
limit = Image.MAX_IMAGE_PIXELS
before = peak()
library = list_photos([Path({str(tmp_path)!r})])
assert library.photos == ((0, "huge.jpg"),), library
pixels = photo_crop(library.path(*library.photos[0]), (0.5, 0.5, 0.8), False, (256, 256))
assert abs(pixels.astype(int) - (90, 120, 60)).max() <= 3
assert limit == Image.MAX_IMAGE_PIXELS
print(peak() - before)
"""
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=root, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 60_000  # KiB; decoded whole it would be 600 000


def test_a_picture_beyond_the_limit_is_refused_from_its_header(tmp_path: Path) -> None:
    whole = saved(tmp_path / "a.png", Image.new("RGB", (64, 64))).read_bytes()
    # Width and height stand at byte 16; the checksum of the header chunk follows them.
    header = whole[12:16] + (40_000).to_bytes(4, "big") * 2 + whole[24:29]
    data = whole[:12] + header + zlib.crc32(header).to_bytes(4, "big") + whole[33:]
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(BackgroundError, match="1600 megapixels; at most 500"):
        list_photos([tmp_path])


def ramp(tmp_path: Path, width: int = 640, height: int = 480) -> Path:
    """A photo whose red tells the column and whose green the row."""
    columns = np.tile(np.linspace(0, 255, width), (height, 1))
    rows = np.tile(np.linspace(0, 255, height)[:, None], (1, width))
    pixels = np.stack([columns, rows, np.full_like(rows, 50)], axis=-1).round().astype(np.uint8)
    return saved(tmp_path / "ramp.png", Image.fromarray(pixels))


def test_crop_takes_the_place_it_is_told(tmp_path: Path) -> None:
    path = ramp(tmp_path)
    whole = photo_crop(path, (0.5, 0.5, 1.0), False, (64, 48))
    assert whole.shape == (48, 64, 3) and whole.dtype == np.uint8
    assert whole[0, 0, 0] < 6 and whole[0, -1, 0] > 249 and whole[0, 0, 1] < 6 and whole[-1, 0, 1] > 249
    square = photo_crop(path, (0.0, 0.5, 1.0), False, (64, 64))
    assert square[0, 0, 0] < 6 and abs(int(square[0, -1, 0]) - 0.75 * 255) < 6
    right = photo_crop(path, (1.0, 0.0, 0.5), False, (64, 48))
    assert abs(int(right[0, 0, 0]) - 127) < 6 and right[0, -1, 0] > 249
    assert right[0, 0, 1] < 6 and abs(int(right[-1, 0, 1]) - 127) < 6


def test_mirror_flips_left_and_right_only(tmp_path: Path) -> None:
    path = ramp(tmp_path)
    plain = photo_crop(path, (0.3, 0.6, 0.7), False, (64, 48))
    mirrored = photo_crop(path, (0.3, 0.6, 0.7), True, (64, 48))
    assert np.array_equal(mirrored, plain[:, ::-1])
    assert not np.array_equal(mirrored, plain)
    assert mirrored.flags.c_contiguous


def test_small_crops_of_small_photos_grow_instead_of_being_stretched(tmp_path: Path) -> None:
    path = ramp(tmp_path, 100, 80)
    grown = photo_crop(path, (0.0, 0.0, 0.1), False, (60, 60))
    assert abs(int(grown[0, -1, 0]) - 0.6 * 255) < 6  # 60 of the 100 columns: pixel for pixel
    enlarged = photo_crop(path, (0.0, 0.0, 0.1), False, (160, 160))
    assert enlarged.shape == (160, 160, 3)
    assert abs(int(enlarged[0, -1, 0]) - 0.8 * 255) < 6


def test_crops_are_the_same_from_cache_and_from_disk(tmp_path: Path) -> None:
    path = ramp(tmp_path)
    cache = photo_cache(1_000_000)
    first = photo_crop(path, (0.2, 0.4, 0.9), False, (100, 70), cache)
    assert len(cache) == 1 and cache.held_bytes == 320 * 240 * 3  # halved: twice 100 is enough
    assert np.array_equal(photo_crop(path, (0.2, 0.4, 0.9), False, (100, 70), cache), first)
    assert np.array_equal(photo_crop(path, (0.2, 0.4, 0.9), False, (100, 70), photo_cache(0)), first)


def test_cache_keeps_to_its_bytes_and_drops_the_oldest(tmp_path: Path) -> None:
    paths = [saved(tmp_path / f"{i}.png", Image.new("RGB", (100, 100), (i, 0, 0))) for i in range(4)]
    cache = photo_cache(3 * 30_000)
    for path in (*paths[:3], paths[0], paths[3]):
        photo_crop(path, (0, 0, 1), False, (50, 50), cache)
        assert cache.held_bytes <= cache.limit_bytes
    assert len(cache) == 3
    paths[1].write_bytes(b"broken")  # it was dropped, so it is read again
    with pytest.raises(BackgroundError, match=r"1\.png"):
        photo_crop(paths[1], (0, 0, 1), False, (50, 50), cache)
    photo_crop(paths[0], (0, 0, 1), False, (50, 50), cache)


def test_a_replaced_photo_is_read_again(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.new("RGB", (64, 64), (10, 0, 0)))
    assert photo_crop(path, (0, 0, 1), False, (8, 8))[0, 0, 0] == 10
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 90, 0)).save(buffer, "PNG", compress_level=0)
    path.write_bytes(buffer.getvalue())
    assert photo_crop(path, (0, 0, 1), False, (8, 8))[0, 0, 0] == 200


def test_a_photo_that_went_away_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackgroundError, match=r"absent\.jpg"):
        photo_crop(tmp_path / "absent.jpg", (0, 0, 1), False, (8, 8))


def test_real_photos(shared: Path) -> None:
    folder = shared / "backgrounds" / "farm"
    library = list_photos([folder])
    assert [name for _, name in library.photos] == sorted(path.name for path in folder.glob("*.jpg"))
    assert len(library.photos) > 20 and library.warnings == ()
    for index, name in library.photos[:5]:
        pixels = photo_crop(library.path(index, name), (0.5, 0.5, 0.8), False, (256, 256))
        assert pixels.std() > 15
