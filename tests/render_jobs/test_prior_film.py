"""``pasyn prior film`` shows clips and walks on rigs."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from runs import pasyn
from small_prior import small_prior
from typer.testing import CliRunner

from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.anatomy.stance import STANCE_OFFSETS
from pasyn_blender.errors import PasynError
from pasyn_blender.prior.corpus import Clip, Corpus, canonical_corpus, write_corpus
from render_jobs.cli_prior import app
from render_jobs.prior_sheet import Cell, Row, contact_sheet, moving_picture


def standing(name: str, frames: int = 12, joints: int = len(JOINTS)) -> Clip:
    return Clip(
        name=name,
        animal="horse",
        species="horse",
        action=name.lower(),
        rate=30.0,
        rotations=np.tile(np.eye(3, dtype=np.float32), (frames, joints, 1, 1)),
        known=np.ones(joints, dtype=bool),
        offsets=STANCE_OFFSETS[:joints].astype(np.float32),
        root=np.zeros((frames, 3), np.float32),
        clearance=np.zeros((frames, 4), np.float32),
    )


def picture(colour: tuple[int, int, int], size: tuple[int, int] = (60, 40)) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size, colour).save(content, "PNG")
    return content.getvalue()


def test_a_sheet_shows_every_view_of_every_cell() -> None:
    red, blue = picture((255, 0, 0)), picture((0, 0, 255))
    rows = [Row("first", (Cell((red, blue), "a"), Cell((blue, red), "b"))), Row("", (Cell((red, red), "c"),))]
    sheet = np.array(Image.open(io.BytesIO(contact_sheet(rows))))
    for colour, count in (((255, 0, 0), 4), ((0, 0, 255), 2)):
        assert (sheet == colour).all(axis=-1).sum() == count * 60 * 40
    assert contact_sheet(rows) == contact_sheet(rows)


def test_a_moving_picture_keeps_its_pace() -> None:
    cells = [Cell((picture((shade, 0, 0)),), str(shade)) for shade in (0, 120, 240)]
    with Image.open(io.BytesIO(moving_picture(cells, 12.5))) as film:
        assert film.n_frames == 3 and film.info["duration"] == 80 and film.info["loop"] == 0


def test_what_cannot_be_shown_is_said(tmp_path: Path) -> None:
    corpus, legs = str(tmp_path / "corpus.npz"), str(tmp_path / "legs.npz")
    write_corpus(canonical_corpus([standing("Walk"), standing("Eating")]), Path(corpus))
    write_corpus(Corpus(("upperleg.L",), (-1,), (standing("Walk", joints=1),)), Path(legs))
    other = str(small_prior(tmp_path / "other.npz", joints=("upperleg.L",)))
    png, gif = str(tmp_path / "film.png"), str(tmp_path / "film.gif")
    for arguments, words in (
        ((f"{corpus}:Swim", "-o", png), "has no clip 'Swim'; it has horse/Walk, horse/Eating"),
        ((legs, "-o", png), "joints of its own (upperleg.L, …)"),
        ((other, "-o", png), "1 joints of its own"),
        ((str(tmp_path / "absent.npz"), "-o", png), "absent.npz does not exist"),
        ((f"{other}:Walk", "-o", png), "is no corpus, of which a clip could be chosen"),
        ((corpus, "-o", str(tmp_path / "film.mp4")), "written as .png or .gif"),
        ((corpus, "-o", gif), "one motion on one rig, not 2 motions on 1 rigs"),
        ((corpus, "--views", "above", "-o", png), "none of side, three-quarter, both"),
        ((corpus, "--rig", "unicorn", "-o", png), "neither a rig"),
        ((corpus, "--rig", "absent.glb", "-o", png), "absent.glb does not exist"),
    ):
        refused = CliRunner().invoke(app, ["film", *arguments])
        assert isinstance(refused.exception, PasynError), (arguments, refused.output)
        assert words in str(refused.exception), str(refused.exception)
    program = pasyn("prior", "film", f"{corpus}:Swim", "-o", png)
    assert (
        program.returncode == 2 and program.stderr.startswith("error: ") and "Traceback" not in program.stderr
    )


def test_a_clip_on_a_shared_rig_has_the_animal_on_its_ground(shared: Path, tmp_path: Path) -> None:
    fox = shared / "rigs/fox_khronos/Fox.glb"
    if not fox.is_file():
        pytest.skip("the shared fox is not there")
    write_corpus(canonical_corpus([standing("Walk"), standing("Eating")]), tmp_path / "corpus.npz")
    out = tmp_path / "film.png"
    named = f"{tmp_path / 'corpus.npz'}:horse/w*"
    told = pasyn("prior", "film", named, "--rig", str(fox), "--frames", "2", "-o", str(out))
    assert told.returncode == 0, told.stderr
    assert told.stdout == f"film: {out}\n"  # none of Blender's chatter
    sheet = np.array(Image.open(out).convert("RGB")).astype(int)
    assert sheet.shape[1] == 2 * (300 + 6) + 6
    first = sheet[36 : 36 + 250, 6:306]
    sky = first[3, 3]
    animal = np.abs(first - sky).sum(axis=-1) > 60
    # Orange fox: more red than blue, in the middle of the picture and not at its edges.
    orange = animal & (first[..., 0] - first[..., 2] > 40)
    rows, columns = np.nonzero(orange)
    assert orange.mean() > 0.05
    assert columns.min() > 20 and columns.max() < 280 and rows.min() > 20
    # The ground's line runs right under it.
    ground = np.flatnonzero(animal[:, 3])
    assert len(ground) and ground.min() - 25 < rows.max() < ground.max() + 5
