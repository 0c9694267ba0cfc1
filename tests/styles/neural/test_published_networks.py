"""AdaIN and StyTr² give what their published networks give, for the same weights, and more sizes."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from published_networks import PublishedAdaIN, PublishedStyTr2  # noqa: E402

from styles.neural import load  # noqa: E402
from styles.neural.adain import AdaIN  # noqa: E402
from styles.neural.picture_batches import StylePass  # noqa: E402
from styles.neural.stytr2 import StyTr2  # noqa: E402

TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def published_adain() -> PublishedAdaIN:
    return PublishedAdaIN(seed=1)


@pytest.fixture(scope="module")
def published_stytr2() -> PublishedStyTr2:
    return PublishedStyTr2(seed=2)


def pictures(*size: int, seed: int = 0) -> torch.Tensor:
    return torch.rand((size[0], 3, *size[1:]), generator=torch.Generator().manual_seed(seed))


def assert_same(ours: torch.Tensor, published: torch.Tensor) -> None:
    assert published.std() > 0.01  # a reference that says nothing would agree with anything
    assert (ours - published).abs().max() < TOLERANCE * max(1.0, float(published.abs().max()))


@pytest.mark.parametrize("alpha", [1.0, 0.4, 0.0])
@pytest.mark.parametrize("size", [(2, 32, 32), (1, 37, 51), (1, 9, 16)])
def test_adain_is_the_published_one_at_any_size(
    published_adain: PublishedAdaIN, size: tuple[int, ...], alpha: float
) -> None:
    content, style = pictures(*size), pictures(size[0], 41, 24, seed=1)
    ours = AdaIN(published_adain.states()).transfer(content, style, alpha)
    assert ours.shape == content.shape
    assert_same(ours, published_adain.picture(content, style, alpha)[..., : size[1], : size[2]])


@pytest.mark.parametrize("size", [(2, 32, 32), (1, 48, 40), (1, 56, 40), (1, 160, 160)])
def test_stytr2_is_the_published_one_where_that_folds_its_tokens_right(
    published_stytr2: PublishedStyTr2, size: tuple[int, ...]
) -> None:
    content, style = pictures(*size), pictures(*size, seed=1)
    ours = StyTr2(published_stytr2.states()).transfer(content, style)
    assert_same(ours, published_stytr2.picture(content, style))


@pytest.mark.parametrize("size", [(1, 45, 43), (1, 40, 47), (1, 39, 32)])
def test_stytr2_fills_odd_sizes_and_keeps_the_published_part(
    published_stytr2: PublishedStyTr2, size: tuple[int, ...]
) -> None:
    content, style = pictures(*size), pictures(*size, seed=1)
    ours = StyTr2(published_stytr2.states()).transfer(content, style)
    published = published_stytr2.picture(content, style)
    height, width = published.shape[-2:]
    assert (height, width) == (size[1] // 8 * 8, size[2] // 8 * 8)
    assert ours.shape == content.shape
    assert_same(ours[..., :height, :width], published)
    assert torch.isfinite(ours).all()


def test_stytr2_folds_wide_pictures_into_their_own_rows(published_stytr2: PublishedStyTr2) -> None:
    content = pictures(1, 32, 64)
    ours = StyTr2(published_stytr2.states()).transfer(content, content)
    # The published program has the same tokens, and folds these 4 rows of 8 into rows of 5 or not at all.
    with pytest.raises(RuntimeError):
        published_stytr2.picture(content, content)
    assert ours.shape == content.shape


def test_a_stytr2_of_half_strength_is_half_of_the_content(published_stytr2: PublishedStyTr2) -> None:
    content, style = pictures(1, 32, 32), pictures(1, 32, 32, seed=1)
    network = StyTr2(published_stytr2.states())
    half, full = network.transfer(content, style, 0.5), network.transfer(content, style)
    assert torch.allclose(half, (full + content) / 2, atol=1e-6)


@pytest.fixture(scope="module")
def saved_adain(published_adain: PublishedAdaIN, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("adain")
    paths = {role: folder / f"{role}.pth" for role in ("encoder", "decoder")}
    for role, state in published_adain.states().items():
        torch.save(state, paths[role])
    return paths


def photo(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def test_pictures_come_back_rounded_and_clipped(
    published_adain: PublishedAdaIN, saved_adain: dict[str, Path]
) -> None:
    content, style = photo(24, 40), photo(24, 40, 1)
    tensors = (torch.from_numpy(p).permute(2, 0, 1)[None].float() / 255 for p in (content, style))
    expected = (published_adain.picture(*tensors) * 255).round().clamp(0, 255)[0].permute(1, 2, 0).numpy()
    ours = load("adain", saved_adain, device="cpu")(content, style)
    assert ours.dtype == np.uint8
    assert np.abs(ours - expected).max() <= 1
    assert (ours == expected).mean() > 0.99


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (8, 8), (17, 9)])
def test_tiny_pictures_keep_their_size(saved_adain: dict[str, Path], size: tuple[int, int]) -> None:
    assert load("adain", saved_adain, device="cpu")(photo(*size), photo(2, 3)).shape == (*size, 3)


def test_a_batch_and_any_number_of_threads_give_what_one_picture_alone_gives(
    saved_adain: dict[str, Path],
) -> None:
    contents = [photo(24, 32, 0), photo(31, 33, 1), photo(24, 32, 2)]
    styles = [photo(30, 20, 3), photo(24, 24, 4), photo(30, 20, 5)]
    style_pass = load("adain", saved_adain, device="cpu")
    together = style_pass.many(contents, styles)
    threads = torch.get_num_threads()
    try:
        for count in (1, 3):
            torch.set_num_threads(count)
            for content, style, picture in zip(contents, styles, together, strict=True):
                assert np.array_equal(style_pass(content, style), picture)
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(threads)


def test_equal_sizes_go_through_a_gpu_together_and_each_gets_its_own_picture() -> None:
    class Counting:
        batches: ClassVar[list[int]] = []

        def transfer(self, content: torch.Tensor, style: torch.Tensor, strength: float = 1.0) -> torch.Tensor:
            self.batches.append(len(content))
            return content * 0.5 + style.mean((2, 3), keepdim=True) * 0.5

    sizes = [(24, 32), (31, 33), (24, 32), (1000, 1000), (24, 32)]
    contents = [photo(*size, seed) for seed, size in enumerate(sizes)]
    styles = [photo(20, 20, seed) for seed in range(10, 15)]
    style_pass = StylePass(Counting(), 8, torch.device("cpu"))
    alone = style_pass.many(contents, styles)
    assert Counting.batches == [1] * 5
    Counting.batches.clear()
    style_pass.together = True
    together = style_pass.many(contents, styles)
    assert sorted(Counting.batches) == [1, 1, 3]
    for one, other in zip(alone, together, strict=True):
        assert np.abs(one.astype(int) - other).max() <= 1


def test_a_large_style_is_reduced_to_the_content(saved_adain: dict[str, Path]) -> None:
    style_pass = load("adain", saved_adain, device="cpu")
    flat = np.full((640, 480, 3), (200, 120, 40), np.uint8)
    assert np.array_equal(style_pass(photo(24, 32), flat), style_pass(photo(24, 32), flat[:32, :24]))
