"""Things between camera and animal: drawn grass, branches and fences, or cut-outs of the user's own.

They are pictures with alpha of the same size as the render. What they hide of the animal is known to the
pixel, so masks lose it and keypoints behind it count as hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from pasyn_blender.errors import BackgroundError

from .photo_files import photo_files

FloatArray = NDArray[np.float64]
Colour = tuple[int, int, int]

FINENESS: Final = 3
"""Things are drawn so many times as large and then reduced, for smooth edges."""

ATTEMPTS: Final = 4
"""How often something is drawn anew, thinner or denser, until it hides as much as wanted."""


LEAST_COLOUR: Final = 0.2
"""Saturation of a ground that grass may have its colours from; on concrete it would look like fur."""

DARK: Final = 40.0
"""Brightness, of 255, below which a colour says nothing."""

DRY_GRASS: Final = ((152, 138, 90), (128, 120, 72), (108, 112, 60), (168, 152, 106), (122, 104, 66))


@dataclass(frozen=True)
class Surroundings:
    """What something in front has to fit.

    Attributes
    ----------
    size
        (width, height) of the picture in pixels.
    box
        Left, top, right, bottom of the animal, pixels.
    background
        (H, W, 3) sRGB: grass takes its colours from it.
    light
        Factor on the colours of things that have their own.
    """

    size: tuple[int, int]
    box: tuple[float, float, float, float]
    background: NDArray[np.uint8]
    light: float


_Source = Callable[[Surroundings, np.random.Generator, float], Image.Image]
"""Draws something, much or little of it (0 to 1), on a canvas :data:`FINENESS` times the picture's size."""


def draw_occluder(
    kinds: Sequence[str],
    cutouts: Sequence[Path],
    surroundings: Surroundings,
    mask: NDArray[np.bool_],
    cover: float,
    seed: int,
) -> NDArray[np.uint8]:
    """Draw something in front of an animal.

    Parameters
    ----------
    kinds
        Of :data:`styles.settings.OCCLUDERS`.
    cutouts
        Folders of pictures with alpha; all of them together count as one more kind.
    surroundings
        Picture, animal and colours.
    mask
        (H, W) the animal.
    cover
        Share of it that should be hidden; the nearest of a few attempts is taken.
    seed
        Decides everything else.

    Returns
    -------
    (H, W, 4) uint8
        sRGB with straight alpha.

    Raises
    ------
    BackgroundError
        A cut-out cannot be read, or has no transparent part.
    """
    sources: list[_Source] = [_DRAWN[kind] for kind in kinds]
    files = [folder / name for folder in cutouts for name in photo_files(folder)]
    if files:
        sources.append(partial(_cutout, files))
    if not sources:
        return np.zeros((*mask.shape, 4), np.uint8)
    chosen = np.random.default_rng(np.random.SeedSequence([seed, 0]))
    source = sources[min(len(sources) - 1, int(chosen.random() * len(sources)))]
    blur = float(chosen.random() * 1.2)
    best: tuple[float, NDArray[np.uint8]] | None = None
    amount = 0.35
    animal = max(int(np.count_nonzero(mask)), 1)
    for _ in range(ATTEMPTS):
        # The same seed each time: only the amount changes, so the picture grows or thins.
        drawn = source(surroundings, np.random.default_rng(np.random.SeedSequence([seed, 1])), amount)
        layer = _reduced(drawn, surroundings.size, blur)
        hidden = float(np.count_nonzero(mask & (layer[..., 3] >= 128))) / animal
        if best is None or abs(hidden - cover) < best[0]:
            best = (abs(hidden - cover), layer)
        if abs(hidden - cover) < 0.15 * cover:
            break
        amount = float(np.clip(amount * np.clip((cover + 0.01) / (hidden + 0.01), 0.4, 2.5), 0.02, 1.0))
    assert best is not None
    return best[1]


def _reduced(drawn: Image.Image, size: tuple[int, int], blur: float) -> NDArray[np.uint8]:
    # Premultiplied, so that what is transparent lends no colour to the edges.
    small = drawn.convert("RGBa").resize(size, Image.Resampling.BOX)
    if blur > 0.3:
        small = Image.merge("RGBa", [band.filter(ImageFilter.GaussianBlur(blur)) for band in small.split()])
    return np.asarray(small.convert("RGBA"))


def _canvas(surroundings: Surroundings) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    width, height = surroundings.size
    picture = Image.new("RGBA", (width * FINENESS, height * FINENESS), (0, 0, 0, 0))
    return picture, ImageDraw.Draw(picture)


def _grass(surroundings: Surroundings, generator: np.random.Generator, amount: float) -> Image.Image:
    """Blades that grow from below the feet, in the colours of the ground there."""
    picture, draw = _canvas(surroundings)
    width, height = surroundings.size
    _, top, _, bottom = surroundings.box
    tall = bottom - top
    ground = _ground_colours(surroundings, generator)
    tufts = generator.random(90) * 1.2 - 0.1
    blades = 2000
    reach = (0.10 + 0.40 * amount) * tall
    room = max(height - bottom, 0.0) + 0.15 * tall
    values = generator.random((blades, 7))
    values[:, 0].sort()  # the farther ones first
    for depth, tuft, spread, long, lean, pick, keep in values:
        if keep > 0.15 + 0.85 * amount:
            continue
        x = (tufts[int(tuft * len(tufts))] + 0.06 * (spread - 0.5)) * width
        base = bottom + 0.01 * tall + depth**1.5 * room
        length = reach * (0.3 + 0.7 * long) * (0.7 + 0.8 * depth)
        aside = 0.8 * (lean - 0.5) * length
        thick = max(0.4, 0.006 * tall * (0.5 + 0.7 * spread) * (0.7 + 0.8 * depth))
        colour = _scaled(ground[int(pick * len(ground))], 0.7 + 0.55 * long)
        _blade(draw, (x, base), (x + aside, base - length), aside * 0.35, thick, colour)
    return picture


def _blade(
    draw: ImageDraw.ImageDraw,
    base: tuple[float, float],
    tip: tuple[float, float],
    bend: float,
    thick: float,
    colour: Colour,
) -> None:
    """Draw a bent, tapering stroke."""
    steps = np.linspace(0.0, 1.0, 7)
    x = base[0] + (tip[0] - base[0]) * steps**1.6 + bend * steps * (1 - steps)
    y = base[1] + (tip[1] - base[1]) * steps
    half = thick * (1.0 - steps) ** 0.8
    outline = list(zip(x - half, y, strict=True)) + list(zip(x[::-1] + half[::-1], y[::-1], strict=True))
    draw.polygon([(a * FINENESS, b * FINENESS) for a, b in outline], fill=(*colour, 255))


def _branches(surroundings: Surroundings, generator: np.random.Generator, amount: float) -> Image.Image:
    """Twigs with leaves that hang in from a side or from above."""
    picture, draw = _canvas(surroundings)
    width, height = surroundings.size
    left, top, right, bottom = surroundings.box
    bark = _scaled((92, 74, 58), surroundings.light * (0.7 + 0.5 * generator.random()))
    greens = _leaf_colours(surroundings, generator)
    for _ in range(2 + int(generator.random() * 3)):
        side = generator.random()
        aim = (
            left + generator.random() * (right - left),
            top + (0.05 + 0.6 * generator.random()) * (bottom - top),
        )
        if side < 0.4:
            start = (-0.05 * width, aim[1] - (0.1 + 0.3 * generator.random()) * height)
        elif side < 0.8:
            start = (1.05 * width, aim[1] - (0.1 + 0.3 * generator.random()) * height)
        else:
            start = (aim[0] + generator.normal(0, 0.15) * width, -0.05 * height)
        reach = 0.35 + 0.65 * amount
        end = (start[0] + (aim[0] - start[0]) * reach, start[1] + (aim[1] - start[1]) * reach)
        leaf = (0.014 + 0.012 * generator.random()) * max(width, height)
        _twig(draw, start, end, 0.012 * max(width, height), leaf, bark, greens, generator, amount, 2)
    return picture


def _twig(
    draw: ImageDraw.ImageDraw,
    start: tuple[float, float],
    end: tuple[float, float],
    thick: float,
    leaf_size: float,
    bark: Colour,
    greens: list[Colour],
    generator: np.random.Generator,
    amount: float,
    depth: int,
) -> None:
    count = 9
    steps = np.linspace(0.0, 1.0, count)
    along = np.array(end) - np.array(start)
    length = float(np.hypot(*along))
    normal = np.array([-along[1], along[0]]) / max(length, 1e-9)
    wander = np.cumsum(generator.normal(0.0, 0.03 * length, count)) * steps
    points = np.array(start) + along * steps[:, None] + normal * wander[:, None]
    for i in range(count - 1):
        wide = max(1.0, thick * (1.0 - 0.85 * steps[i]) * FINENESS)
        draw.line(
            [tuple(points[i] * FINENESS), tuple(points[i + 1] * FINENESS)], fill=(*bark, 255), width=int(wide)
        )
    for i in range(2, count):
        for _ in range(1 + int(3 * amount)):
            turn = generator.random() * 2 * np.pi
            leaf = greens[int(generator.random() * len(greens))]
            shade = 0.6 + 0.7 * generator.random()
            size = leaf_size * (0.5 + 0.8 * generator.random())
            _leaf(draw, points[i] + generator.normal(0, size, 2), turn, size, _scaled(leaf, shade))
        if depth > 0 and generator.random() < 0.45:
            direction = along / max(length, 1e-9) + normal * generator.normal(0.0, 0.9)
            far = points[i] + direction * length * (0.18 + 0.22 * generator.random())
            start, end = (float(points[i, 0]), float(points[i, 1])), (float(far[0]), float(far[1]))
            _twig(draw, start, end, thick * 0.45, leaf_size, bark, greens, generator, amount, depth - 1)


def _leaf(draw: ImageDraw.ImageDraw, place: FloatArray, turn: float, size: float, colour: Colour) -> None:
    angles = np.linspace(0.0, 2 * np.pi, 10, endpoint=False)
    x, y = np.cos(angles) * size, np.sin(angles) * size * 0.42
    outline = np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)], axis=1)
    draw.polygon([tuple((place + corner) * FINENESS) for corner in outline], fill=(*colour, 255))


def _fence(surroundings: Surroundings, generator: np.random.Generator, amount: float) -> Image.Image:
    """Rails or wires across the picture, and posts."""
    picture, draw = _canvas(surroundings)
    width, _ = surroundings.size
    _, top, _, bottom = surroundings.box
    tall = bottom - top
    wooden = generator.random() < 0.6
    base = (128, 110, 92) if generator.random() < 0.6 else (205, 200, 192)
    wood = _scaled(base, surroundings.light * (0.7 + 0.4 * generator.random()))
    colour = wood if wooden else _scaled((120, 122, 124), surroundings.light)
    slope = generator.normal(0.0, 0.03)
    count = 2 + int(generator.random() * 3)
    thick = max(1.0, (0.02 + 0.05 * amount) * tall) if wooden else max(0.7, 0.006 * tall)
    ends = (-0.05 * width, 1.05 * width)
    heights = bottom - (0.1 + 0.75 * (np.arange(count) + generator.random() * 0.5) / count) * tall
    posts = np.arange(ends[0] + generator.random() * 0.6 * tall, ends[1], (1.0 + generator.random()) * tall)
    for x in posts:
        y = slope * (x - width / 2)
        foot, head = bottom + 0.12 * tall + y, float(heights.min()) - 0.08 * tall + y
        wide = max(1.2, (0.03 + 0.03 * amount) * tall)
        _board(
            draw, [(x - wide, foot), (x - wide, head), (x + wide, head), (x + wide, foot)], wood, generator
        )
    for level in heights:
        sag = 0.0 if wooden else 0.01 * tall
        for first, last in zip(np.linspace(*ends, 13)[:-1], np.linspace(*ends, 13)[1:], strict=True):
            y0, y1 = (level + slope * (x - width / 2) + sag * np.sin(x * 0.05) for x in (first, last))
            corners = [
                (first, y0 - thick / 2),
                (last, y1 - thick / 2),
                (last, y1 + thick / 2),
                (first, y0 + thick / 2),
            ]
            draw.polygon([(x * FINENESS, y * FINENESS) for x, y in corners], fill=(*colour, 255))
            if wooden:
                lower = [(first, y0 + thick * 0.25), (last, y1 + thick * 0.25), *corners[2:]]
                draw.polygon(
                    [(x * FINENESS, y * FINENESS) for x, y in lower], fill=(*_scaled(colour, 0.75), 255)
                )
    return picture


def _board(
    draw: ImageDraw.ImageDraw,
    corners: list[tuple[float, float]],
    colour: Colour,
    generator: np.random.Generator,
) -> None:
    draw.polygon([(x * FINENESS, y * FINENESS) for x, y in corners], fill=(*colour, 255))
    (left, low), (_, high), (right, _), _ = corners
    for _ in range(12):  # grain
        x = left + generator.random() * (right - left)
        draw.line(
            [(x * FINENESS, low * FINENESS), ((x + generator.normal(0, 0.5)) * FINENESS, high * FINENESS)],
            fill=(*_scaled(colour, 0.75 + 0.35 * generator.random()), 255),
            width=1,
        )


def _cutout(
    files: Sequence[Path], surroundings: Surroundings, generator: np.random.Generator, amount: float
) -> Image.Image:
    """Place one of the user's own pictures with alpha before the animal."""
    path = files[min(len(files) - 1, int(generator.random() * len(files)))]
    try:
        with Image.open(path) as opened:
            cutout = ImageOps.exif_transpose(opened).convert("RGBA")
    except (OSError, SyntaxError, ValueError) as error:
        raise BackgroundError(f"{path}: not a readable picture ({error})") from None
    alpha = np.asarray(cutout)[..., 3]
    if alpha.min() > 250 or alpha.max() == 0:
        share = "nothing" if alpha.min() > 250 else "all"
        raise BackgroundError(
            f"{path}: {share} of it is transparent; a cut-out is a picture with alpha that shows something"
        )
    width, height = surroundings.size
    left, top, right, bottom = surroundings.box
    side = (0.4 + 1.2 * amount) * max(right - left, bottom - top) * FINENESS
    scale = side / max(cutout.size)
    shape = (max(1, round(cutout.width * scale)), max(1, round(cutout.height * scale)))
    cutout = cutout.resize(shape, Image.Resampling.LANCZOS)
    if generator.random() < 0.5:
        cutout = cutout.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    picture = Image.new("RGBA", (width * FINENESS, height * FINENESS), (0, 0, 0, 0))
    x = (left + generator.random() * (right - left)) * FINENESS - shape[0] / 2
    foot = (bottom + (0.02 + 0.1 * generator.random()) * (bottom - top)) * FINENESS
    picture.paste(cutout, (round(x), round(foot - shape[1])))
    return picture


def _ground_colours(surroundings: Surroundings, generator: np.random.Generator) -> list[Colour]:
    """Colours of the background where the animal stands, or of dry grass where that is colourless."""
    height = len(surroundings.background)
    _, top, _, bottom = surroundings.box
    first, last = int(np.clip(bottom - 0.15 * (bottom - top), 0, height - 2)), height
    strip = surroundings.background[first:last].reshape(-1, 3)
    # Drawn in any case: blades must not move, and labels with them, when the background is another.
    picks = generator.random(40)
    chosen = strip[(picks * len(strip)).astype(int)].astype(np.float64)
    # Blades stand in the light that falls there: a gap's black and a pebble's white are no colours of grass.
    middle = np.median(strip, axis=0)
    if float(np.ptp(middle)) < LEAST_COLOUR * max(float(middle.max()), DARK):
        return [_scaled(DRY_GRASS[int(pick * len(DRY_GRASS))], surroundings.light) for pick in picks]
    chosen = 0.4 * chosen + 0.6 * middle
    return [(int(r), int(g), int(b)) for r, g, b in chosen]


def _leaf_colours(surroundings: Surroundings, generator: np.random.Generator) -> list[Colour]:
    """Greens of the background, and some of leaves anywhere."""
    pixels = surroundings.background.reshape(-1, 3).astype(np.int64)
    picks = generator.random(12)
    green = pixels[(pixels[:, 1] > pixels[:, 0] * 1.05) & (pixels[:, 1] > pixels[:, 2] * 1.15)]
    own = [(78, 96, 44), (96, 110, 58), (60, 78, 40), (118, 116, 62)]
    colours = [_scaled(colour, surroundings.light) for colour in own]
    if len(green) > 200:
        chosen = green[(picks * len(green)).astype(int)]
        colours = [(int(r), int(g), int(b)) for r, g, b in chosen]
    return colours


def _scaled(colour: Colour, factor: float) -> Colour:
    red, green, blue = (int(np.clip(value * factor, 0, 255)) for value in colour)
    return red, green, blue


_DRAWN: Final[dict[str, _Source]] = {"grass": _grass, "branches": _branches, "fence": _fence}
