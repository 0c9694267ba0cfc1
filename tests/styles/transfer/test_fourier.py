"""Fourier domain adaptation exchanges the amplitudes of low frequencies and nothing else."""

import numpy as np
import pytest

from styles.transfer.fourier import fourier_domain_adaptation, resized, window


def soft(seed: int, size: tuple[int, int], mean: float) -> np.ndarray:
    """A picture of low contrast, so that nothing is clipped."""
    generator = np.random.default_rng(seed)
    noise = generator.normal(0, 8, (*size, 3)) + generator.normal(0, 12, (1, size[1], 1))
    return np.clip(mean + noise, 60, 190).round().astype(np.uint8)


@pytest.mark.parametrize("size", [(64, 64), (63, 65), (37, 50)])
def test_low_amplitudes_become_the_styles_and_phases_stay(size: tuple[int, int]) -> None:
    picture, style = soft(1, size, 110), soft(2, size, 125)
    half = 2
    alpha = np.zeros(size, np.uint8)
    result = fourier_domain_adaptation(picture, alpha, style, beta=half / min(size))
    spectra = [np.fft.fft2(image.astype(float), axes=(0, 1)) for image in (picture, style, result)]
    own, other, got = (spectrum.reshape(-1, 3) for spectrum in spectra)
    rows, columns = (np.abs(np.fft.fftfreq(count, 1 / count)) for count in size)
    inside = ((rows[:, None] <= half) & (columns <= half)).ravel()
    assert inside.sum() == (2 * half + 1) ** 2  # the paper's window

    def energy(difference: np.ndarray) -> float:
        """Mean square in steps of 8 bits; rounding to bytes makes 1/12."""
        return float((np.abs(difference) ** 2).sum() / (size[0] * size[1]) ** 2 / 3)

    assert energy(np.abs(own[inside]) - np.abs(other[inside])) > 50
    assert energy(np.abs(got[inside]) - np.abs(other[inside])) < 0.1
    assert energy(got[~inside] - own[~inside]) < 0.1
    strong = np.abs(other[inside]) > 0.5 * size[0] * size[1]  # half a step
    turned = np.angle(got[inside][strong] / own[inside][strong])
    assert strong.sum() > 5 and np.abs(turned).max() < 0.2


def test_beta_nothing_is_the_identity_and_every_beta_another_change() -> None:
    picture, style = soft(1, (64, 64), 110), soft(2, (64, 64), 150)
    alpha = np.full((64, 64), 255, np.uint8)
    changes = []
    for beta in (0.0, 0.004, 0.008, 0.02, 0.05):
        result = fourier_domain_adaptation(picture, alpha, style, beta=beta)
        changes.append(np.abs(result.astype(float) - picture).mean())
    assert changes[0] == 0.0
    assert 1.0 < changes[1] < 0.6 * changes[2]  # half of the mean is exchanged, then all of it
    assert len(set(changes)) == len(changes)


def test_the_window_grows_by_fractions() -> None:
    assert window(8, 0.0).sum() == 0
    assert window(8, 0.25).tolist() == [0.5, 0, 0, 0, 0, 0, 0, 0]
    assert window(8, 1.0).tolist() == [1, 1, 0, 0, 0, 0, 0, 1]
    assert window(7, 1.5).tolist() == [1, 1, 0.5, 0, 0, 0.5, 1]


def test_for_the_animal_the_ground_has_no_say() -> None:
    picture, style = soft(1, (48, 48), 110), soft(2, (48, 48), 150)
    alpha = np.zeros((48, 48), np.uint8)
    alpha[10:40, 12:30] = 255
    other_ground = picture.copy()
    other_ground[alpha == 0] = 255
    first, second = (
        fourier_domain_adaptation(image, alpha, style, where="animal", beta=0.05)
        for image in (picture, other_ground)
    )
    assert np.array_equal(first[alpha == 255], second[alpha == 255])
    assert not np.array_equal(first[alpha == 255], picture[alpha == 255])


def test_a_style_of_another_size_is_averaged_not_sampled() -> None:
    stripes = np.zeros((100, 300, 3), np.uint8)
    stripes[:, ::2] = 255
    small = resized(stripes, (50, 50))
    assert small.shape == (50, 50, 3) and np.abs(small.astype(int) - 127).max() < 12
