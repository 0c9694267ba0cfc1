"""Masks: threshold, run-length code, box and area agree pixel for pixel."""

from __future__ import annotations

import numpy as np
import pytest

from pasyn_blender.annotation.masks import (
    decode_mask,
    encode_mask,
    mask_area,
    mask_box,
    mask_from_alpha,
)


def test_half_covered_pixels_belong_to_the_animal() -> None:
    alpha = np.array([[0, 127, 128, 255]], dtype=np.uint8)
    assert mask_from_alpha(alpha).tolist() == [[False, False, True, True]]


@pytest.mark.parametrize("wrong", [np.zeros((2, 2, 4), np.uint8), np.zeros((2, 2), np.float32)])
def test_only_an_8_bit_channel_is_an_alpha(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        mask_from_alpha(wrong)


def test_box_covers_the_mask_exactly() -> None:
    mask = np.zeros((7, 11), dtype=bool)
    mask[2:5, 3:9] = True
    mask[3, 4:8] = False
    assert mask_box(mask) == (3, 2, 6, 3)
    assert mask_area(mask) == 18 - 4


def test_one_pixel_in_the_last_corner() -> None:
    mask = np.zeros((5, 8), dtype=bool)
    mask[4, 7] = True
    assert mask_box(mask) == (7, 4, 1, 1)
    assert mask_area(mask) == 1


def test_an_empty_mask_has_no_box() -> None:
    assert mask_box(np.zeros((5, 8), dtype=bool)) is None


@pytest.mark.parametrize("density", [0.0, 0.05, 0.5, 1.0])
def test_code_gives_the_mask_back_and_pycocotools_reads_the_same_box_and_area(density: float) -> None:
    from pycocotools import mask as reference

    mask = np.random.default_rng(3).random((37, 53)) < density
    code = encode_mask(mask)
    assert code["size"] == [37, 53]
    assert isinstance(code["counts"], str)
    np.testing.assert_array_equal(decode_mask(code), mask)
    assert int(reference.area(code)) == mask_area(mask)
    if mask.any():
        assert tuple(int(side) for side in reference.toBbox(code)) == mask_box(mask)
