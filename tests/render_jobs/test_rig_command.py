"""``pasyn rig map`` writes what it is told to, and nothing over what somebody edited."""

from __future__ import annotations

from pathlib import Path

import pytest
from runs import pasyn


@pytest.fixture
def fox(shared: Path) -> Path:
    path = shared / "rigs/fox_khronos/Fox.glb"
    if not path.is_file():
        pytest.skip("the shared fox is not there")
    return path


def test_an_edited_map_is_kept_until_told_otherwise(fox: Path, tmp_path: Path) -> None:
    target = tmp_path / "fox.yaml"
    command = ["rig", "map", str(fox), "--output", str(target)]
    assert pasyn(*command).returncode == 0
    text = target.read_text()
    again = pasyn(*command)
    assert (again.returncode, target.read_text()) == (0, text)
    target.write_text(text + "# by hand\n")
    refused = pasyn(*command)
    assert refused.returncode == 2
    assert "fox.yaml is there and differs" in refused.stderr and "--overwrite" in refused.stderr
    assert target.read_text().endswith("# by hand\n")
    assert pasyn(*command, "--overwrite").returncode == 0
    assert target.read_text() == text


def test_neither_model_nor_picture_is_taken_for_the_map(fox: Path, tmp_path: Path) -> None:
    for option, name, right in (
        ("--output", "fox.glb", ".yaml"),
        ("--output", "fox.png", ".yaml"),
        ("--picture", "fox.yaml", ".png"),
    ):
        target = tmp_path / name
        target.write_bytes(b"precious")
        done = pasyn("rig", "map", str(fox), option, str(target))
        assert done.returncode == 2
        assert str(target) in done.stderr and right in done.stderr
        assert target.read_bytes() == b"precious"


def test_an_edited_map_is_drawn_and_left_as_it_is(fox: Path, tmp_path: Path) -> None:
    target = tmp_path / "fox.yaml"
    assert pasyn("rig", "map", str(fox), "--output", str(target)).returncode == 0
    found = target.with_suffix(".png").read_bytes()
    lines = target.read_text().splitlines()
    row = next(i for i, line in enumerate(lines) if line.strip() == "nose:")
    depth = len(lines[row]) - len(lines[row].lstrip())
    end = next(i for i in range(row + 1, len(lines)) if len(lines[i]) - len(lines[i].lstrip()) <= depth)
    pad = " " * (depth + 2)
    lines[row + 1 : end] = [f"{pad}bone: b_Head_05", f"{pad}offset: [0, 30, 0]"]
    edited = "\n".join(lines) + "\n"
    target.write_text(edited)
    done = pasyn("rig", "map", str(fox), "--map", str(target))
    assert done.returncode == 0, done.stderr
    assert target.read_text() == edited
    assert target.with_suffix(".png").read_bytes() != found
    refused = pasyn("rig", "map", str(fox), "--map", str(target), "--overwrite")
    assert refused.returncode == 2
    assert "--map draws a map and writes none" in refused.stderr
    target.write_text(edited.replace("b_Head_05", "b_Heda"))
    refused = pasyn("rig", "map", str(fox), "--map", str(target))
    assert refused.returncode == 2
    assert "fox.yaml" in refused.stderr and "b_Heda" in refused.stderr
