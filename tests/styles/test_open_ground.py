"""Open ground: what goes on from a photo's lower edge, up to whatever stands on it."""

import numpy as np
import pytest

from styles.open_ground import open_ground

HORIZON = 0.3


def grass(seed: int = 0, speckle: float = 0.08) -> np.ndarray:
    """Sky over speckled ground, 120 by 160."""
    photo = np.full((120, 160, 3), (0.7, 0.8, 0.9))
    noise = np.random.default_rng(seed).normal(0, speckle, (84, 160, 3))
    photo[36:] = np.array([0.45, 0.47, 0.3]) + noise
    return np.clip(photo, 0.0, 1.0)


def rectangle(photo: np.ndarray, rows: slice, columns: slice, colour: tuple[float, float, float]) -> None:
    noise = np.random.default_rng(9).normal(0, 0.02, photo[rows, columns].shape)
    photo[rows, columns] = np.clip(np.array(colour) + noise, 0.0, 1.0)


@pytest.mark.parametrize("speckle", [0.0, 0.05, 0.1])
def test_ground_is_open_up_to_the_horizon_however_speckled(speckle: float) -> None:
    found = open_ground(grass(speckle=speckle), HORIZON)
    assert found[40:].mean() > 0.9 and not found[:36].any()


def test_ground_may_darken_with_distance() -> None:
    photo = grass()
    photo[36:] *= np.linspace(0.6, 1.0, 84)[:, None, None]
    assert open_ground(photo, HORIZON)[40:].mean() > 0.9


def test_a_wall_ends_it_where_the_wall_meets_the_ground() -> None:
    photo = grass()
    rectangle(photo, slice(0, 80), slice(0, 160), (0.6, 0.6, 0.6))
    found = open_ground(photo, HORIZON)
    assert not found[36:78].any() and found[84:].mean() > 0.9


def test_what_stands_on_it_is_not_ground_and_the_rest_is() -> None:
    """A brown animal on two dark legs."""
    photo = grass()
    rectangle(photo, slice(40, 70), slice(40, 100), (0.35, 0.25, 0.15))
    for leg in (44, 90):
        rectangle(photo, slice(70, 96), slice(leg, leg + 6), (0.15, 0.12, 0.1))
    found = open_ground(photo, HORIZON)
    assert found[72:94, 44:50].mean() < 0.1 and found[42:68, 44:96].mean() < 0.3
    assert found[40:, 115:].mean() > 0.9 and found[104:].mean() > 0.9


def test_bars_before_the_ground_are_not_ground_and_part_what_is_behind_their_rails() -> None:
    photo = grass(speckle=0.04)
    for bar in range(10, 160, 40):
        rectangle(photo, slice(0, 120), slice(bar, bar + 8), (0.25, 0.27, 0.35))
    for rail in (60, 100):
        rectangle(photo, slice(rail, rail + 6), slice(0, 160), (0.25, 0.27, 0.35))
    found = open_ground(photo, HORIZON)
    assert found[40:98].mean() < 0.05
    assert found[:, 10:18].mean() < 0.1


def test_it_is_the_same_flipped() -> None:
    photo = grass()
    rectangle(photo, slice(0, 120), slice(0, 50), (0.2, 0.2, 0.2))
    assert (open_ground(photo[:, ::-1], HORIZON)[:, ::-1] == open_ground(photo, HORIZON)).mean() > 0.98
