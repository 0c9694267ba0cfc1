"""Names of the files in an output folder, and the one way a file gets its final name.

Standard library only: the runner, Blender's process and the report all import it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from pasyn_blender.errors import OutputError

RENDERS = "renders"
IMAGES = "images"
ANNOTATIONS = "annotations"
QUARANTINE = "quarantine"
LOGS = "logs"

PASSES = ("depth", "normal")
"""Render passes that can be kept beside a render."""

PARTIAL_MARK = ".partial-"
"""Stands in the name of every file that is not finished; such files are never read."""

_PROBE_BYTES = 1 << 20

_ADVICE = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder with --out",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another folder with --out",
    errno.EROFS: "the file system is read-only; choose another folder with --out",
    errno.EACCES: "there is no permission to write there; choose another folder with --out",
    errno.EPERM: "the system does not permit writing there; choose another folder with --out",
    errno.ENOTDIR: "a file stands where a folder is needed; choose another folder with --out",
    errno.EEXIST: "a file stands where a folder is needed; choose another folder with --out",
    errno.EISDIR: "a folder stands where the file should be; remove it or choose another folder with --out",
    errno.ENAMETOOLONG: "the path is too long for this file system; choose a shorter --out",
    errno.EIO: "the disk reports an input/output error",
}


def shot_stem(index: int) -> str:
    """Six-digit name of a shot, ``"000012"``; numbers beyond 999 999 grow a digit."""
    if index < 0:
        raise ValueError(f"shot index {index} is negative")
    return f"{index:06d}"


def job_path(folder: Path) -> Path:
    """Return the resolved job of an output folder."""
    return folder / "job.json"


def rig_facts_path(folder: Path) -> Path:
    """Facts of the rig: actions, ranges, names, counts."""
    return folder / "rig.json"


def rig_map_path(folder: Path) -> Path:
    """Rig map the renders were labelled with."""
    return folder / "rig_map.yaml"


def shots_path(folder: Path) -> Path:
    """Return the plan, one shot a line in index order."""
    return folder / "shots.jsonl"


def manifest_path(folder: Path) -> Path:
    """Versions, hashes and seconds of a finished dataset."""
    return folder / "manifest.json"


def report_path(folder: Path) -> Path:
    """Self-contained HTML report."""
    return folder / "report.html"


def renders_folder(folder: Path) -> Path:
    """Folder of what Blender wrote: RGBA pictures, truth and passes."""
    return folder / RENDERS


def images_folder(folder: Path) -> Path:
    """Folder of the finished pictures."""
    return folder / IMAGES


def annotations_folder(folder: Path) -> Path:
    """Folder of the COCO files."""
    return folder / ANNOTATIONS


def quarantine_folder(folder: Path) -> Path:
    """Folder of the logs of shots that were given up."""
    return folder / QUARANTINE


def logs_folder(folder: Path) -> Path:
    """Folder of the workers' logs."""
    return folder / LOGS


def render_path(folder: Path, index: int) -> Path:
    """RGBA render of a shot."""
    return folder / RENDERS / f"{shot_stem(index)}.png"


def truth_path(folder: Path, index: int) -> Path:
    """Truth of a shot; written after the picture, so that its presence means both are there."""
    return folder / RENDERS / f"{shot_stem(index)}.json"


def pass_path(folder: Path, index: int, name: str) -> Path:
    """EXR of a render pass, ``name`` one of :data:`PASSES`."""
    return folder / RENDERS / f"{shot_stem(index)}_{name}.exr"


def image_path(folder: Path, index: int) -> Path:
    """Return the finished RGB picture of a shot."""
    return folder / IMAGES / f"{shot_stem(index)}.png"


def image_name(index: int) -> str:
    """File name of a finished picture as COCO's ``file_name`` has it."""
    return f"{shot_stem(index)}.png"


def annotation_path(folder: Path, split: str) -> Path:
    """COCO file of ``"all"``, ``"train"`` or ``"val"``."""
    return folder / ANNOTATIONS / f"{split}.json"


def quarantine_path(folder: Path, index: int) -> Path:
    """Log of a shot that failed twice."""
    return folder / QUARANTINE / f"{shot_stem(index)}.log"


def worker_log_path(folder: Path, worker: int) -> Path:
    """Log of one child process."""
    return folder / LOGS / f"worker-{worker}.log"


def partial_path(path: Path) -> Path:
    """Name a file has while this process writes it: in the same folder, so that renaming is atomic."""
    # Process numbers alone repeat: every container counts from 1, and nodes share folders.
    return path.with_name(f"{path.name}{PARTIAL_MARK}{os.getpid()}-{secrets.token_hex(4)}")


def is_partial(path: Path) -> bool:
    """Whether a file was left unfinished by this or another process."""
    return PARTIAL_MARK in path.name


def output_error(path: Path, error: OSError) -> OutputError:
    """Explain an ``OSError`` met while writing ``path`` as the user's to solve."""
    reason = _ADVICE.get(error.errno or 0, error.strerror or str(error))
    return OutputError(f"cannot write {path}: {reason}")


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn any ``OSError`` of the block into an :class:`OutputError` that names ``path``."""
    try:
        yield
    except OSError as error:
        raise output_error(path, error) from error


def create_folder(folder: Path) -> Path:
    """Create a folder and its parents where missing.

    Raises
    ------
    OutputError
        The folder cannot be made.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that under its final name there is only ever all of it.

    The bytes go to a partial file in the same folder, reach the disk, and take the final name in one
    step. After a failure or a kill the final name holds what it held before.

    Parameters
    ----------
    path
        Final name; its folder is created when missing.
    data
        Whole content.

    Raises
    ------
    OutputError
        The disk is full or read-only, or permission is missing. The partial file is removed.
    """
    partial = partial_path(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                partial.unlink()
            raise
        _sync_folder(path.parent)


def finish_partial(partial: Path, path: Path) -> None:
    """Give a file that another writer (Blender) left at ``partial`` its final name, content on disk first.

    Raises
    ------
    OutputError
        The file cannot be synchronised or renamed.
    """
    with writing(path):
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_folder(path.parent)


def check_room(folder: Path, size: int) -> None:
    """Check that a file of ``size`` bytes can be written in a folder, by writing one.

    Others (Blender) do not say why a file of theirs came out short.

    Raises
    ------
    OutputError
        It cannot: no room, no permission, or no such folder any more.
    """
    probe = partial_path(folder / "room")
    with writing(folder):
        try:
            with probe.open("wb") as file:
                for start in range(0, size, _PROBE_BYTES):
                    file.write(bytes(min(_PROBE_BYTES, size - start)))
                file.flush()
                os.fsync(file.fileno())
        finally:
            with contextlib.suppress(OSError):
                probe.unlink()


def _sync_folder(folder: Path) -> None:
    # The rename itself must survive a power cut; Windows and some network file systems cannot sync a
    # folder, and there the rename is as durable as it gets.
    if not hasattr(os, "O_DIRECTORY"):
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_partials(folder: Path) -> int:
    """Delete unfinished files in ``renders/``, ``images/``, ``annotations/`` and the folder itself.

    Only for a folder no other process is writing to. Returns how many were removed.
    """
    removed = 0
    for place in (folder, folder / RENDERS, folder / IMAGES, folder / ANNOTATIONS):
        if not place.is_dir():
            continue
        for entry in sorted(place.iterdir()):
            if entry.is_file() and is_partial(entry):
                with contextlib.suppress(OSError):
                    entry.unlink()
                    removed += 1
    return removed
