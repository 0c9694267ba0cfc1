"""What every transfer keeps to, whatever it does to the colours."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from styles.transfer.methods import METHODS, Choice

TRANSFERS = {name: method for name, method in METHODS.items() if method.transfer is not None}
CASES = [(name, where) for name, method in TRANSFERS.items() for where in method.where]


def scene(height: int = 61, width: int = 83) -> tuple[np.ndarray, np.ndarray]:
    """A brown disc with a soft outline on speckled grass, and its alpha."""
    generator = np.random.default_rng(3)
    rows, columns = np.mgrid[:height, :width]
    distance = np.hypot(rows - height * 0.5, columns - width * 0.45)
    alpha = np.clip((min(height, width) * 0.3 - distance) * 128 + 128, 0, 255).astype(np.uint8)
    grass = np.array([70, 120, 40]) + generator.normal(0, 20, (height, width, 1))
    coat = (
        np.array([120, 72, 45]) + generator.normal(0, 6, (height, width, 1)) + (rows[..., None] - 30) * -0.5
    )
    share = alpha[..., None] / 255
    return np.clip(coat * share + grass * (1 - share), 0, 255).astype(np.uint8), alpha


def style(height: int = 40, width: int = 57) -> np.ndarray:
    generator = np.random.default_rng(5)
    return np.clip(generator.normal([150, 140, 110], [50, 40, 30], (height, width, 3)), 0, 255).astype(
        np.uint8
    )


def applied(
    name: str, picture: np.ndarray, alpha: np.ndarray, image: np.ndarray, **options: object
) -> np.ndarray:
    transfer = METHODS[name].transfer
    assert transfer is not None
    return transfer(picture, alpha, image, **options)


@pytest.mark.parametrize(("name", "where"), CASES)
def test_strength_nothing_gives_the_same_bytes_in_an_array_of_its_own(name: str, where: str) -> None:
    picture, alpha = scene()
    result = applied(name, picture, alpha, style(), where=where, strength=0.0)
    assert np.array_equal(result, picture) and not np.shares_memory(result, picture)


@pytest.mark.parametrize(("name", "where"), CASES)
def test_full_strength_changes_the_place_it_is_for_and_no_other(name: str, where: str) -> None:
    picture, alpha = scene()
    before, alpha_before = picture.copy(), alpha.copy()
    result = applied(name, picture, alpha, style(), where=where)
    changed = (result != picture).any(axis=2)
    assert result.dtype == np.uint8 and result.shape == picture.shape
    assert np.array_equal(picture, before) and np.array_equal(alpha, alpha_before)
    assert changed[alpha > 0].any()
    if where != "picture":
        assert not changed[alpha == 0].any()
    if where == "edge":
        rows, columns = np.argwhere(alpha == 255).mean(axis=0).astype(int)
        assert not changed[rows - 3 : rows + 4, columns - 3 : columns + 4].any()


@pytest.mark.parametrize(("name", "where"), CASES)
def test_half_the_strength_lies_between(name: str, where: str) -> None:
    picture, alpha = scene()
    half, whole = (
        applied(name, picture, alpha, style(), where=where, strength=strength).astype(float)
        for strength in (0.5, 1.0)
    )
    towards, rest = np.abs(half - picture).mean(), np.abs(whole - half).mean()
    assert 0.3 * np.abs(whole - picture).mean() < towards < 0.7 * np.abs(whole - picture).mean()
    assert rest < 0.7 * np.abs(whole - picture).mean()


@pytest.mark.parametrize(("name", "where"), CASES)
@pytest.mark.parametrize(
    "image",
    [
        np.full((1, 1, 3), 128, np.uint8),
        np.zeros((33, 20, 3), np.uint8),
        np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2),
    ],
    ids=["pixel", "black", "grey"],
)
def test_flat_and_grey_style_images_leave_the_animal_there(name: str, where: str, image: np.ndarray) -> None:
    picture, alpha = scene()
    result = applied(name, picture, alpha, image, where=where).astype(float)
    # Lighter and darker parts of the coat stay in their order: the disc is brighter above than below.
    rows = np.argwhere(alpha == 255)[:, 0]
    upper, lower = (result[alpha == 255][part].mean() for part in (rows < 25, rows > 36))
    assert upper >= lower


@pytest.mark.parametrize(("name", "where"), CASES)
@pytest.mark.parametrize("value", [0, 255])
def test_a_flat_animal_does_not_blow_up(name: str, where: str, value: int) -> None:
    picture, alpha = scene()
    picture[alpha > 0] = value
    inner = applied(name, picture, alpha, style(), where=where)[alpha == 255].astype(int)
    if name in ("reinhard", "monge_kantorovich", "optimal_transport") and where == "animal":
        assert np.ptp(inner, axis=0).max() == 0


@pytest.mark.parametrize(("name", "where"), CASES)
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (97, 31)])
def test_every_size_is_taken(name: str, where: str, size: tuple[int, int]) -> None:
    picture, alpha = scene(*size)
    for cover in (alpha, np.full_like(alpha, 3)):
        assert applied(name, picture, cover, style(), where=where).shape == (*size, 3)


@pytest.mark.parametrize("name", TRANSFERS)
def test_without_animal_there_is_nothing_to_change(name: str) -> None:
    picture, alpha = scene()
    places = METHODS[name].where
    where = "animal" if "animal" in places else places[0]
    assert np.array_equal(applied(name, picture, np.zeros_like(alpha), style(), where=where), picture)


@pytest.mark.parametrize("name", TRANSFERS)
def test_wrong_arguments_are_refused(name: str) -> None:
    picture, alpha = scene()
    for bad in (
        (picture.astype(np.float32), alpha, style()),
        (picture, alpha[:-1], style()),
        (picture, alpha, style()[..., :1]),
        (picture, alpha, np.zeros((0, 4, 3), np.uint8)),
    ):
        with pytest.raises(ValueError, match="expected"):
            applied(name, *bad)
    for strength in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="strength"):
            applied(name, picture, alpha, style(), strength=strength)


def test_every_parameter_that_a_preset_may_set_is_the_functions() -> None:
    picture, alpha = scene(20, 24)
    for name, method in TRANSFERS.items():
        for parameter, kind in method.parameters.items():
            values = kind.words if isinstance(kind, Choice) else (kind.low, min(kind.high, 50.0))
            for value in values:
                whole = not isinstance(kind, Choice) and kind.whole
                applied(name, picture, alpha, style(), **{parameter: int(value) if whole else value})


def fingerprint() -> str:
    picture, alpha = scene(200, 160)
    digest = hashlib.sha256()
    for name, where in CASES:
        digest.update(applied(name, picture, alpha, style(200, 300), where=where).tobytes())
    return digest.hexdigest()


def test_bytes_depend_on_no_number_of_threads() -> None:
    root = Path(__file__).resolve().parents[3]
    program = "from tests.styles.transfer.test_methods import fingerprint; print(fingerprint())"
    other = "2" if os.environ.get("OMP_NUM_THREADS") == "1" else "1"
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), other)
    printed = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **threads},
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert printed.strip() == fingerprint()
