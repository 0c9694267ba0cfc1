"""Camera look: nothing moves, each effect does what its name says, none of them is exactly none."""

from dataclasses import replace

import numpy as np
import pytest

from styles.camera_look import camera_look
from styles.composition import linear_from_srgb
from styles.draws import CameraLookDraw, draw_camera_look
from styles.settings import NO_CAMERA, CameraLookRanges

NOTHING = draw_camera_look(NO_CAMERA, np.random.default_rng(0))


def disc(radius: float = 20.0) -> np.ndarray:
    rows, columns = np.mgrid[0:96, 0:128]
    inside = np.hypot(columns - 60.25, rows - 50.75) < radius
    return np.where(inside[..., None], np.uint8(200), np.uint8(60)) * np.ones((1, 1, 3), np.uint8)


def centre(picture: np.ndarray) -> tuple[float, float]:
    weights = np.clip(picture.mean(axis=-1) - 75.0, 0.0, None)  # away from what compression leaves around
    rows, columns = np.indices(weights.shape)
    return float((columns * weights).sum() / weights.sum()), float((rows * weights).sum() / weights.sum())


def test_a_camera_without_traces_changes_no_byte() -> None:
    picture = np.random.default_rng(3).integers(0, 256, (33, 47, 3), dtype=np.uint8)
    assert np.array_equal(camera_look(picture, NOTHING), picture)


@pytest.mark.parametrize(
    "change", [{"blur": 8.0}, {"motion_blur": 40.0, "direction": 0.7}, {"sharpening": 1.0}, {"jpeg": 70.0}]
)
def test_nothing_moves(change: dict[str, float]) -> None:
    before, after = centre(disc()), centre(camera_look(disc(), replace(NOTHING, **change)))
    assert np.hypot(before[0] - after[0], before[1] - after[1]) < 0.03


def test_effects_do_what_they_are_called() -> None:
    flat = np.full((80, 80, 3), 118, np.uint8)
    assert camera_look(flat, replace(NOTHING, exposure=1.0)).mean() > 150
    corners = camera_look(flat, replace(NOTHING, vignetting=0.4)).astype(int)
    assert corners[0, 0, 0] < corners[40, 40, 0] == 118
    noisy = camera_look(flat, replace(NOTHING, noise=0.02)).astype(float)
    assert noisy.mean() == pytest.approx(118, abs=0.3) and 3.0 < noisy.std() < 7.0
    assert np.abs(np.diff(camera_look(disc(), replace(NOTHING, blur=15.0)).astype(int), axis=1)).max() < 60


def test_a_longer_exposure_adds_no_white_and_keeps_the_order_of_brightness() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    for exposure in (0.2, 0.35, 1.0):
        found = camera_look(ramp, replace(NOTHING, exposure=exposure))[0, :, 0].astype(int)
        assert (np.diff(found) >= 0).all() and (found >= np.arange(256)).all()
        assert found[255] == 255 and (found[:250] < 255).all()


def test_a_shorter_exposure_darkens_all_but_white() -> None:
    """A window that burnt out in the photo is brighter than the photo can say."""
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    for exposure in (-0.2, -0.6, -1.3):
        found = camera_look(ramp, replace(NOTHING, exposure=exposure))[0, :, 0].astype(int)
        assert (np.diff(found) >= 0).all() and (found <= np.arange(256)).all()
        assert found[255] == 255 and found[118] < 118 and found[235] < 235


def test_a_shorter_exposure_keeps_the_colour_of_a_sky() -> None:
    """Its blue is at white already; the other channels may not sink away from under it."""
    sky = np.full((8, 8, 3), (200, 225, 255), np.uint8)
    found = camera_look(sky, replace(NOTHING, exposure=-1.25))[0, 0].astype(float)
    before, after = (linear_from_srgb(colour / 255.0) for colour in (sky[0, 0], found))
    assert after / after[2] == pytest.approx(before / before[2], abs=0.02) and after[2] < 0.8


@pytest.mark.parametrize("brightness", [90, 100, 117, 140, 155])
def test_a_meter_brings_pictures_to_middle_grey(brightness: int) -> None:
    flat = np.full((40, 40, 3), brightness, np.uint8)
    assert camera_look(flat, replace(NOTHING, metering=1.0)).mean() == pytest.approx(117.3, abs=1.0)
    half = camera_look(flat, replace(NOTHING, metering=0.5)).mean()
    assert min(brightness, 117) - 1 <= half <= max(brightness, 117) + 1


def test_a_meter_leaves_dim_places_dim() -> None:
    """Three stops would be asked for, one is given."""
    dim = np.full((40, 40, 3), 42, np.uint8)
    assert camera_look(dim, replace(NOTHING, metering=1.0)).mean() == pytest.approx(60, abs=2)


def test_draws_are_bytes_and_stay_in_their_ranges() -> None:
    draws = [draw_camera_look(CameraLookRanges(), np.random.default_rng(seed)) for seed in range(50)]
    assert all(-0.35 <= draw.exposure <= 0.35 and 70 <= draw.jpeg <= 98 for draw in draws)
    assert len({draw.noise_seed for draw in draws}) == 50
    picture, draw = disc(), draws[7]
    assert isinstance(draw, CameraLookDraw)
    assert np.array_equal(camera_look(picture, draw), camera_look(picture, draw))
