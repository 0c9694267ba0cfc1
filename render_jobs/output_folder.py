"""Taking an output folder: it must be writable, belong to the same job, and to one run at a time."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from pasyn_blender.errors import JobError, OutputError

from . import layout
from .job_identity import LOOK
from .job_schema import Job

LOCK = ".lock"

STALE_SECONDS = 600.0
"""No render takes this long to be written."""

# These decide no render, so they may change between two runs into one folder.
_MAY_CHANGE = ("images", "limits", "species", *LOOK)


def identity_path(folder: Path) -> Path:
    """Identity of the job an output folder belongs to: its rig and photos may have changed since."""
    return folder / "identity.json"


@contextlib.contextmanager
def locked(folder: Path, purpose: str) -> Iterator[None]:
    """Hold an output folder for one run; the operating system lets go of it whatever becomes of us.

    Parameters
    ----------
    folder
        Output folder, made if missing.
    purpose
        What the holder does, for the message the next one gets.

    Raises
    ------
    OutputError
        The folder cannot be written, or another process holds it (named in the message).
    """
    layout.create_folder(folder)
    path = folder / LOCK
    with layout.writing(path):
        file = path.open("a+")
    with file:
        if not _keep_trying_to_lock(file):
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise OutputError(f"{folder} is in use by {holder}; wait for it to end, or choose another --out")
        with layout.writing(path):
            file.seek(0)
            file.truncate()
            file.write(f"{purpose}, process {os.getpid()} on {socket.gethostname()}")
            file.flush()
        yield


def is_locked(folder: Path) -> bool:
    """Whether a run holds an output folder at this moment."""
    try:
        with (folder / LOCK).open("r+") as file:
            return not _try_lock(file)
    except OSError:
        return False


def _keep_trying_to_lock(file: IO[str]) -> bool:
    # Whoever asks for the status of a folder holds its lock for a moment.
    for _ in range(5):
        if _try_lock(file):
            return True
        time.sleep(0.05)
    return False


def _try_lock(file: IO[str]) -> bool:
    if sys.platform == "win32":
        import msvcrt

        try:
            # Far behind the text, because Windows forbids reading a locked byte.
            file.seek(1 << 20)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # Some network file systems cannot lock; there one run at a time is up to the user.
        return True
    return True


def take_folder(folder: Path, job: Job, identity: str) -> None:
    """Make an output folder this job's, or check that it is.

    Writes ``job.json`` and ``identity.json``, and removes what an interrupted run left unfinished. Call it
    while holding the lock.

    Raises
    ------
    OutputError
        The folder cannot be written, holds the dataset of another job (the message says what differs), or
        holds renders nobody knows the job of.
    """
    path = layout.job_path(folder)
    old_identity = read_identity(folder)
    if old_identity is None:
        _refuse_foreign_files(folder)
    if _is_other_job(folder, job, identity):
        if _holds_pictures(folder):
            marks = "" if old_identity is None else f" ({old_identity[:12]}, this one is {identity[:12]})"
            raise OutputError(
                f"{folder} holds the dataset of another job{marks}: "
                f"{_difference(_read_json(path), job.to_dict())}. Choose another --out, or delete the folder"
            )
        # A job whose rig or settings turned out wrong: its correction is another job, into the same folder.
        _forget_preparation(folder)
    remove_stale_partials(folder)
    for place in (layout.renders_folder, layout.images_folder, layout.annotations_folder, layout.logs_folder):
        layout.create_folder(place(folder))
    resolved = (json.dumps(job.to_dict(), sort_keys=True, indent=2) + "\n").encode()
    _write_if_new(path, resolved)
    record = json.dumps({"identity": identity}, sort_keys=True) + "\n"
    _write_if_new(identity_path(folder), record.encode())


def _is_other_job(folder: Path, job: Job, identity: str) -> bool:
    found = read_identity(folder)
    if found is not None:
        return found != identity
    path = layout.job_path(folder)
    # Shards of a cluster may have written the job alone.
    return path.is_file() and _without_changeable(_read_json(path)) != _without_changeable(job.to_dict())


def _refuse_foreign_files(folder: Path) -> None:
    """Refuse a folder of other things in which ours would replace some, or pass for them."""
    path = layout.job_path(folder)
    if path.is_file():
        record = _read_json(path)
        try:
            Job.from_dict(record, source=str(path))
        except JobError:
            raise OutputError(
                f"{folder} has a job.json that is no job of PASyn, or a damaged one; choose another --out"
            ) from None
        return
    folders = (layout.RENDERS, layout.IMAGES, layout.ANNOTATIONS, layout.QUARANTINE)
    files = (
        layout.rig_facts_path(folder),
        layout.rig_map_path(folder),
        layout.shots_path(folder),
        layout.manifest_path(folder),
        layout.report_path(folder),
    )
    foreign = [name for name in folders if any((folder / name).glob("*"))]
    foreign += [file.name for file in files if file.exists()]
    if foreign:
        raise OutputError(
            f"{folder} has {foreign[0]!r} in it but no job.json, so it is no dataset of PASyn, and what is "
            f"there would be overwritten; choose another --out"
        )


def _holds_pictures(folder: Path) -> bool:
    # Unfinished ones count too: whoever writes them may be at it.
    return any(
        any(place.glob("*"))
        for place in (
            layout.renders_folder(folder),
            layout.images_folder(folder),
            layout.annotations_folder(folder),
        )
    )


def _forget_preparation(folder: Path) -> None:
    """Delete what a job that rendered nothing left, the marks of whose it is last."""
    given_up = sorted(layout.quarantine_folder(folder).glob("*.log"))
    for path in (
        *given_up,
        layout.shots_path(folder),
        layout.rig_facts_path(folder),
        layout.rig_map_path(folder),
        layout.job_path(folder),
        identity_path(folder),
    ):
        with layout.writing(path):
            path.unlink(missing_ok=True)


def remove_stale_partials(folder: Path, age: float = STALE_SECONDS) -> None:
    """Delete what interrupted processes left unfinished; call it while holding the lock.

    Pictures and annotations are written under the lock only, so what is unfinished there is nobody's. A
    cluster's shards may at this moment write renders, and job and rig beside them: those must be older than
    ``age`` seconds.
    """
    for place in (layout.images_folder(folder), layout.annotations_folder(folder)):
        _remove_partials(place, 0.0)
    for place in (folder, layout.renders_folder(folder)):
        _remove_partials(place, age)


def _remove_partials(place: Path, age: float) -> None:
    found = []
    with contextlib.suppress(OSError):
        for entry in os.scandir(place):
            with contextlib.suppress(OSError):
                if layout.is_partial(Path(entry.path)):
                    found.append((entry.stat().st_mtime, entry.path))
    now = time.time()
    for modified, path in found:
        if now - modified >= age:
            with contextlib.suppress(OSError):
                Path(path).unlink()


def _write_if_new(path: Path, data: bytes) -> None:
    with contextlib.suppress(OSError):
        if path.read_bytes() == data:
            return
    layout.write_atomically(path, data)


def read_identity(folder: Path) -> str | None:
    """Identity of the job an output folder was made for; None where none is recorded."""
    record = _read_json(identity_path(folder))
    identity = record.get("identity")
    return identity if isinstance(identity, str) else None


def read_job(folder: Path) -> Job:
    """Return the resolved job of an output folder.

    Raises
    ------
    OutputError
        There is no such folder, or no readable job in it.
    """
    path = layout.job_path(folder)
    if not folder.is_dir():
        found = "is a file" if folder.is_file() else "no such folder"
        raise OutputError(f"{folder}: {found}; it should be the output folder of pasyn run")
    if not path.is_file():
        raise OutputError(f"{folder} has no job.json, so it is not the output folder of a job")
    record = _read_json(path)
    try:
        return Job.from_dict(record, source=str(path))
    except JobError as error:
        raise OutputError(f"{error}; the folder's job.json was damaged or edited") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _without_changeable(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in _MAY_CHANGE}


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    found = [
        f"{key} is {json.dumps(new_value)}, there {json.dumps(old_value)}"
        for key, old_value, new_value in _pairs(old, new)
        if old_value != new_value and key.partition(".")[0] not in _MAY_CHANGE
    ]
    if not found:
        return (
            "the job is the same, but program, rig, rig map, prior, poses, world or photos have changed since"
        )
    return "; ".join(found[:4]) + (f"; and {len(found) - 4} more" if len(found) > 4 else "")


def _pairs(
    old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, Any, Any]]:
    for key in sorted({*old, *new}):
        first, second = old.get(key), new.get(key)
        if isinstance(first, dict) and isinstance(second, dict):
            yield from _pairs(first, second, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", first, second
