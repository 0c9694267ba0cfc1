"""Presets say what they mean, and what is wrong in one is said by file, line and key."""

from pathlib import Path

import numpy as np
import pytest

from pasyn_blender.errors import StyleError
from styles.preset import (
    DEFAULT_PRESET,
    Step,
    draw_strengths,
    load_preset,
    preset_from_plain,
    preset_names,
    preset_to_plain,
    with_weights,
)


def written(folder: Path, text: str) -> str:
    (folder / "mine.yaml").write_text(text, encoding="utf-8")
    return str(folder / "mine.yaml")


def message(folder: Path, text: str) -> str:
    with pytest.raises(StyleError) as caught:
        load_preset(written(folder, text))
    found = str(caught.value)
    assert found.startswith(str(folder / "mine.yaml")) and "\n" not in found
    return found.removeprefix(str(folder) + "/")


def test_the_built_in_presets() -> None:
    assert preset_names() == ("none", "pasyn", "photo")
    assert DEFAULT_PRESET == "photo"
    assert load_preset("none").steps == ()
    photo = load_preset("photo")
    assert photo.steps and photo.photos is None and photo.needs_weights == ()
    pasyn = load_preset("pasyn")
    assert pasyn.steps == (Step("stytr2", "animal", (0.5, 0.5), {"content": "animal"}),)
    assert pasyn.photos is None and pasyn.needs_weights == ("stytr2",)


def test_a_preset_of_ones_own(tmp_path: Path) -> None:
    text = """
# comment
style_image: ../photos
steps:
  - method: optimal_transport
    strength: [0.2, 0.4]
    seed: 3
  - {method: monge_kantorovich, where: picture, strength: 1, space: linear}
  - method: compact
    files: {weights: w.safetensors}
    sha256:
      weights: "ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
"""
    preset = load_preset(written(tmp_path, text))
    assert preset.name == "mine" and preset.photos == tmp_path.parent / "photos"
    transport, linear, compact = preset.steps
    assert (transport.where, transport.strength, transport.parameters) == ("animal", (0.2, 0.4), {"seed": 3})
    assert (linear.where, linear.strength, linear.parameters) == ("picture", (1.0, 1.0), {"space": "linear"})
    assert compact.files == {"weights": tmp_path / "w.safetensors"}
    assert compact.sha256["weights"].startswith("abcdef")
    assert preset.needs_weights == ()


@pytest.mark.parametrize("name", preset_names())
def test_presets_come_back_from_plain_values(name: str) -> None:
    preset = load_preset(name)
    assert preset_from_plain(preset_to_plain(preset), name) == preset


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "mine.yaml, line 1: found an empty file; write keys below it: style_image, steps"),
        ("style_image: background", "mine.yaml, line 1, steps: found none; write 'steps: []' for no change"),
        (
            "steps: []\nstyel_image: x",
            "line 2, styel_image: unknown key (did you mean 'style_image'?); known here:",
        ),
        ("steps: []\nsteps: []", "line 2, steps: the key is there twice"),
        ("steps: reinhard", "line 1, steps: found 'reinhard'; write a list"),
        ("steps:\n  - reinhard", "line 2, steps[1]: found 'reinhard'; write 'method: NAME'"),
        ("steps:\n  - where: animal", "line 2, steps[1].method: found none; write one of reinhard,"),
        (
            "steps:\n  - method: none\n  - method: rheinhard",
            "line 2, steps[1].method: found 'none'; write one of reinhard,",
        ),
        ("steps:\n  - method: rheinhard", "found 'rheinhard'; write one of"),
        ("steps:\n  - method: rheinhard", "(did you mean 'reinhard'?)"),
        (
            "steps:\n  - method: reinhard\n    beta: 0.1",
            "line 3, steps[1].beta: unknown key; known here: method,",
        ),
        (
            "steps:\n  - method: poisson\n    where: animal",
            "line 3, steps[1].where: found 'animal'; write edge",
        ),
        (
            "steps:\n  - method: reinhard\n    strength: [0.9, 0.1]",
            "steps[1].strength: found [0.9, 0.1], an empty range because 0.9 is larger than 0.1; write [0.1",
        ),
        (
            "steps:\n  - method: reinhard\n    strength: 1.5",
            "found 1.5, outside 0 to 1; write [smallest, largest]",
        ),
        (
            "steps:\n  - method: reinhard\n    strength: true",
            "found true; write [smallest, largest] or one number",
        ),
        ("steps:\n  - method: reinhard\n    strength: [0, 1, 2]", "found [0, 1, 2], 3 values; write"),
        (
            "steps:\n  - method: fourier\n    beta: much",
            "steps[1].beta: found 'much'; write a number from 0 to 0.5",
        ),
        ("steps:\n  - method: fourier\n    beta: 1e999", "found inf, outside 0 to 0.5"),
        (
            "steps:\n  - method: optimal_transport\n    rounds: 2.5",
            "found 2.5; write a whole number from 1 to",
        ),
        ("steps:\n  - method: stytr2\n    files: {encoder: a}", "steps[1].files.encoder: unknown key"),
        (
            "steps:\n  - method: stytr2\n    sha256: {decoder: abc}",
            "write the file's SHA-256, 64 hexadecimal digits",
        ),
        ("steps:\n  - method: reinhard\n    files: {}", "steps[1].files: unknown key"),
        (
            "style_image: [a]\nsteps: []",
            "line 1, style_image: found ['a']; write 'background' or the path of a folder",
        ),
        ("steps: [", "not valid YAML"),
        ("steps:\n\t- method: x", "line 2: not valid YAML: found a tab"),
        ("steps: !!python/object:os.system []", "found the tag"),
        ("a: &x [1]\nsteps: *x", "line 2: found the alias *x; write the value itself"),
        ("steps: [[[[[[[[[]]]]]]]]]", "nested too deeply"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in message(tmp_path, text)


def test_files_that_are_no_presets_are_named(tmp_path: Path) -> None:
    with pytest.raises(StyleError, match=r"found 'foto'; write none, pasyn, photo, or .* mean 'photo'\?"):
        load_preset("foto")
    with pytest.raises(StyleError, match="there is no such preset file"):
        load_preset("absent.yaml", tmp_path)
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(StyleError, match="found a folder"):
        load_preset("folder.yaml", tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"steps: []\n# caf\xe9")
    with pytest.raises(StyleError, match="line 2: not UTF-8"):
        load_preset("latin.yaml", tmp_path)
    (tmp_path / "huge.yaml").write_bytes(b"#" * 200_000)
    with pytest.raises(StyleError, match="larger than"):
        load_preset("huge.yaml", tmp_path)


def test_weights_are_given_to_the_network_they_are_for(tmp_path: Path) -> None:
    files = {role: tmp_path / role for role in ("embedding", "transformer", "decoder")}
    ready = with_weights(load_preset("pasyn"), "stytr2", files)
    assert ready.needs_weights == () and ready.steps[0].files == files
    with pytest.raises(StyleError, match="its networks are stytr2"):
        with_weights(load_preset("pasyn"), "adain", files)
    with pytest.raises(StyleError, match="it has no network"):
        with_weights(load_preset("photo"), "adain", files)
    with pytest.raises(StyleError, match="'encoder'; its files are embedding, transformer, decoder"):
        with_weights(load_preset("pasyn"), "stytr2", {"encoder": tmp_path})


def test_strengths_are_drawn_within_their_ranges_one_a_step() -> None:
    preset = load_preset("photo")
    generator = np.random.default_rng(0)
    draws = np.array([draw_strengths(preset, generator) for _ in range(300)])
    low, high = np.array([step.strength for step in preset.steps]).T
    assert (draws >= low).all() and (draws <= high).all()
    assert np.abs(draws.min(axis=0) - low).max() < 0.02 and np.abs(draws.max(axis=0) - high).max() < 0.02
    fixed = load_preset("pasyn")
    first, second = np.random.default_rng(0), np.random.default_rng(0)
    assert draw_strengths(fixed, first) == (0.5,)
    second.random()
    assert first.random() == second.random()  # a fixed value takes its draw too
