"""Gradient-domain blending mixes the seam, and the seam alone."""

import numpy as np
import pytest

from styles.transfer.poisson import poisson_edges

ANIMAL, GROUND = 60, 200
ANY_STYLE = np.zeros((1, 1, 3), np.uint8)


def half_planes(size: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """An animal that fills the left half; the seam lies between columns size / 2 - 1 and size / 2."""
    alpha = np.zeros((size, size), np.uint8)
    alpha[:, : size // 2] = 255
    return np.where(alpha[..., None] > 0, ANIMAL, GROUND).repeat(3, axis=2).astype(np.uint8), alpha


@pytest.mark.parametrize("strength", [1.0, 0.4])
@pytest.mark.parametrize("pixels", [1.0, 2.5])
def test_the_grounds_colour_falls_off_as_the_equation_says(strength: float, pixels: float) -> None:
    picture, alpha = half_planes()
    row = poisson_edges(picture, alpha, ANY_STYLE, strength=strength, reach=pixels / 120 * 1000)[60].astype(
        float
    )
    # The screened equation on a line of pixels: q + 1/q = 2 + 1/reach², with the whole step before the first.
    middle = 2 + 1 / pixels**2
    ratio = (middle - np.sqrt(middle**2 - 4)) / 2
    inwards = np.arange(60, 0, -1)
    assert row[:60, 0] == pytest.approx(ANIMAL + strength * (GROUND - ANIMAL) * ratio**inwards, abs=1.0)
    assert (row[60:] == GROUND).all()


def test_what_reaches_far_is_nearly_the_same_found_coarsely() -> None:
    picture, alpha = half_planes(240)
    pixels = 16.0
    row = poisson_edges(picture, alpha, ANY_STYLE, reach=pixels / 240 * 1000)[120, :120, 0].astype(float)
    expected = ANIMAL + (GROUND - ANIMAL) * np.exp(-np.arange(120, 0, -1) / pixels)
    # Squares of four pixels: flat within the last one, elsewhere half a square off at most.
    assert np.abs(row - expected).max() < 0.2 * (GROUND - ANIMAL)
    assert np.abs(row - expected).mean() < 0.03 * (GROUND - ANIMAL)
    assert (np.diff(row) >= 0).all()


def test_away_from_the_seam_the_animal_keeps_its_colours_and_outside_the_ground_its_bytes() -> None:
    generator = np.random.default_rng(0)
    picture = generator.integers(0, 256, (120, 120, 3), np.uint8)
    rows, columns = np.mgrid[:120, :120]
    inside = 45 - np.hypot(rows - 60, columns - 60)
    alpha = np.clip(inside * 128 + 128, 0, 255).astype(np.uint8)
    result = poisson_edges(picture, alpha, ANY_STYLE, reach=8)  # about one pixel
    assert np.array_equal(result[alpha == 0], picture[alpha == 0])
    assert np.array_equal(result[inside > 9], picture[inside > 9])
    assert not np.array_equal(result[(inside > 0) & (inside < 2)], picture[(inside > 0) & (inside < 2)])


def test_texture_across_the_seam_stays() -> None:
    picture, alpha = half_planes()
    picture[::2, :60] += 20  # rows of a coat
    result = poisson_edges(picture, alpha, ANY_STYLE, reach=12).astype(int)
    assert np.abs(result[40:80:2, 50] - result[41:81:2, 50] - 20).max() <= 2


def test_a_soft_outline_is_mixed_as_far_as_alpha_made_its_steps() -> None:
    generator = np.random.default_rng(2)
    picture = generator.integers(80, 170, (7, 8, 3), np.uint8)
    alpha = np.zeros((7, 8), np.uint8)
    alpha[1:6, 2:8] = [255, 128, 200, 255, 30, 255]
    pixels = 1.6
    places = [tuple(place) for place in np.argwhere(alpha > 0)]
    matrix, steps = np.zeros((len(places), len(places))), np.zeros((len(places), 3))
    for number, (row, column) in enumerate(places):
        matrix[number, number] = 1 / pixels**2
        for beside in ((row, column + 1), (row + 1, column), (row, column - 1), (row - 1, column)):
            if not (0 <= beside[0] < 7 and 0 <= beside[1] < 8):
                continue
            matrix[number, number] += 1
            made = abs(float(alpha[beside]) - float(alpha[row, column])) / 255
            steps[number] += made * (picture[beside].astype(float) - picture[row, column])
            if beside in places:
                matrix[number, places.index(beside)] = -1
    expected = picture.astype(float)
    expected[alpha > 0] += np.linalg.solve(matrix, steps)
    result = poisson_edges(picture, alpha, ANY_STYLE, reach=pixels / 8 * 1000)
    assert result == pytest.approx(expected, abs=0.6)  # half a step of it is rounding
    assert np.abs(expected - picture).max() > 10


def test_an_animal_cut_by_the_picture_has_no_seam_at_the_border() -> None:
    picture, alpha = half_planes()
    result = poisson_edges(picture, alpha, ANY_STYLE, reach=10)
    assert (result[:, :30] == ANIMAL).all()
    full = np.full_like(alpha, 255)
    assert np.array_equal(poisson_edges(picture, full, ANY_STYLE), picture)


def test_a_reach_of_nothing_is_refused() -> None:
    picture, alpha = half_planes()
    for reach in (0.0, 201.0, float("nan")):
        with pytest.raises(ValueError, match="reach"):
            poisson_edges(picture, alpha, ANY_STYLE, reach=reach)
    with pytest.raises(ValueError, match="edge"):
        poisson_edges(picture, alpha, ANY_STYLE, where="animal")
