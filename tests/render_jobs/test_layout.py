"""Files of an output folder: their names, and that they are there whole or not at all."""

import errno
import os
from pathlib import Path

import pytest

from pasyn_blender.errors import OutputError
from render_jobs import layout


def test_names_are_those_of_the_output_folder() -> None:
    out = Path("out")
    assert layout.render_path(out, 12) == out / "renders" / "000012.png"
    assert layout.truth_path(out, 12) == out / "renders" / "000012.json"
    assert layout.pass_path(out, 12, "depth") == out / "renders" / "000012_depth.exr"
    assert layout.image_path(out, 0) == out / "images" / "000000.png"
    assert layout.image_name(0) == layout.image_path(out, 0).name
    assert layout.annotation_path(out, "val") == out / "annotations" / "val.json"
    assert layout.quarantine_path(out, 7) == out / "quarantine" / "000007.log"
    assert layout.worker_log_path(out, 0) == out / "logs" / "worker-0.log"
    assert layout.shot_stem(1_234_567) == "1234567"
    with pytest.raises(ValueError, match="negative"):
        layout.shot_stem(-1)


def test_writing_replaces_the_whole_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.json"
    layout.write_atomically(path, b"first")
    layout.write_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert [entry.name for entry in path.parent.iterdir()] == ["a.json"]


def test_a_failed_write_keeps_the_old_file_and_removes_the_partial_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    layout.write_atomically(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"cannot write .*a\.json: the disk is full.*--out"):
        layout.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_that_is_really_full() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with pytest.raises(OutputError, match="the disk is full"), layout.writing(Path("/dev/full")):
        Path("/dev/full").write_bytes(b"x")


def test_places_that_cannot_hold_the_file_are_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="a file stands where a folder is needed"):
        layout.write_atomically(tmp_path / "file" / "a.json", b"")
    with pytest.raises(OutputError, match="a file stands where a folder is needed"):
        layout.create_folder(tmp_path / "file")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="a folder stands where the file should be"):
        layout.write_atomically(tmp_path / "folder", b"")
    with pytest.raises(OutputError, match="too long"):
        layout.write_atomically(tmp_path / ("x" * 300), b"")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="no permission"):
        layout.write_atomically(tmp_path / "a.json", b"")


def test_partial_files_lie_beside_the_final_one_and_can_be_swept(tmp_path: Path) -> None:
    path = layout.render_path(tmp_path, 3)
    partial = layout.partial_path(path)
    assert partial.parent == path.parent and layout.is_partial(partial) and not layout.is_partial(path)
    assert layout.partial_path(path) != partial, "processes of one number on two nodes must not share it"
    layout.write_atomically(path, b"whole")
    partial.write_bytes(b"half")
    (tmp_path / "job.json.partial-1").write_bytes(b"half")
    assert layout.remove_partials(tmp_path) == 2
    assert path.exists() and not partial.exists()
    partial.write_bytes(b"from Blender")
    layout.finish_partial(partial, path)
    assert path.read_bytes() == b"from Blender" and not partial.exists()
    with pytest.raises(OutputError):
        layout.finish_partial(partial, path)
