"""Pictures a second of every style that needs no weights, and how many times plain pasting each takes.

    python benchmarks/style_speed.py [--renders FOLDER] [--backgrounds FOLDER] [--size 256] [--pictures 24]
                                     [--threads 2]

Renders are RGBA PNGs, such as those of a finished run; without any, ellipses stand for animals that cover a
quarter of the picture, and without backgrounds coloured noise for photos. Reading and writing files is not
timed. ``alone`` is the processor's time of one picture in one thread, ``a second`` what the threads together
finish by the clock.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from PIL import Image

from styles.backgrounds import list_photos, photo_crop
from styles.composition import compose
from styles.preset import load_preset, preset_names
from styles.style_pass import apply_preset
from styles.transfer.methods import METHODS

Scene = tuple[np.ndarray, np.ndarray]
"""(H, W, 4) render and (H, W, 3) background."""


def drawn_render(size: int, generator: np.random.Generator) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size] / size
    centre = generator.uniform(0.4, 0.6, 2)
    inside = 1 - np.hypot((rows - centre[0]) / 0.22, (columns - centre[1]) / 0.36)
    alpha = np.clip(inside * 0.22 * size * 255 + 128, 0, 255)
    colour = generator.uniform(40, 200, 3) * (1.3 - rows[..., None]) + generator.normal(0, 4, (size, size, 1))
    return np.concatenate([colour.clip(0, 255), alpha[..., None]], axis=2).astype(np.uint8)


def drawn_background(size: int, generator: np.random.Generator) -> np.ndarray:
    return generator.normal(generator.uniform(60, 200, 3), 40, (size, size, 3)).clip(0, 255).astype(np.uint8)


def scenes(renders: Path | None, backgrounds: Path | None, size: int, count: int) -> list[Scene]:
    generator = np.random.default_rng(0)
    files = sorted(renders.glob("*.png")) if renders is not None else []
    photos = list_photos([backgrounds]) if backgrounds is not None else None
    made = []
    for number in range(count):
        if files:
            with Image.open(files[number % len(files)]) as image:
                render = np.asarray(image.convert("RGBA").resize((size, size)))
        else:
            render = drawn_render(size, generator)
        if photos is not None:
            place = photos.photos[number % len(photos.photos)]
            background = photo_crop(photos.path(*place), (*generator.random(2), 0.8), False, (size, size))
        else:
            background = drawn_background(size, generator)
        made.append((render, background))
    return made


def timed(work: Callable[[int], object], count: int, threads: int) -> tuple[float, float]:
    """Processor seconds of one picture alone, and pictures a second by the clock of all threads."""
    work(0)
    start = time.process_time()
    for number in range(count):
        work(number)
    alone = (time.process_time() - start) / count
    with ThreadPoolExecutor(threads) as pool:
        start = time.perf_counter()
        list(pool.map(work, range(count)))
        return alone, count / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--renders", type=Path)
    parser.add_argument("--backgrounds", type=Path)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--pictures", type=int, default=24)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    given = scenes(options.renders, options.backgrounds, options.size, options.pictures)
    pasted = [(compose(render, background), render[..., 3], background) for render, background in given]

    work: dict[str, Callable[[int], object]] = {"pasting": lambda number: compose(*given[number])}
    for name, method in METHODS.items():
        for where in method.where if method.transfer is not None else ():
            work[f"{name}, {where}"] = lambda number, method=method, where=where: method.transfer(
                *pasted[number], where=where, strength=0.5
            )
    for name in preset_names():
        preset = load_preset(name)
        if not preset.needs_weights:
            work[f"preset {name}"] = lambda number, preset=preset: apply_preset(
                preset, *pasted[number], np.random.default_rng(number)
            )
    covered = np.mean([(alpha > 0).mean() for _, alpha, _ in pasted])
    print(
        f"{options.pictures} pictures of {options.size} x {options.size}, the animal on {covered:.0%} of them"
    )
    print(f"{'':28}{'alone':>10}{'a second,':>12}{'times':>10}")
    print(f"{'':28}{'ms':>10}{options.threads:>3} threads{'pasting':>11}")
    pasting = 0.0
    for name, function in work.items():
        alone, rate = timed(function, options.pictures, options.threads)
        pasting = pasting or alone
        print(f"{name:28}{alone * 1000:10.1f}{rate:12.0f}{alone / pasting:10.1f}")


if __name__ == "__main__":
    main()
