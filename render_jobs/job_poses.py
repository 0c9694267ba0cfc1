"""Reads where the poses of a job come from, and looks into the files they come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pasyn_blender.errors import PriorError

from . import job_schema as schema
from .job_file import Entry
from .value_readers import Reader, choice, listed, number, optional, read_file, read_text, section, suggestion


def pose_settings(check: bool) -> Reader:
    """Read where poses come from: one word, or a mapping; with ``check`` its file has to exist."""

    def label(entry: Entry, key: str) -> str:
        return read_text(entry, key, "a label of the prior, such as walk").lower()

    def file(entry: Entry, key: str) -> Path:
        missing = "make one with 'pasyn prior train' or 'pasyn prior sample', or leave the built-in prior"
        return read_file(entry, key, "a prior or a file of poses", (".npz",), check=check, missing=missing)

    source = choice(schema.POSE_SOURCES)
    keys = section(
        schema.PoseSettings,
        {
            "source": source,
            "file": optional(file),
            # Beyond this the mixture is left for what lies between real poses.
            "sigma": number(0, 4),
            "actions": listed(label),
            "species": listed(label),
            "share_of_actions": number(0, 1),
        },
    )

    def read(entry: Entry, key: str) -> Any:
        # One word is short for a source with all its defaults.
        one_word = entry.value is not None and not isinstance(entry.value, dict)
        found = schema.PoseSettings(source=source(entry, key)) if one_word else keys(entry, key)
        if found.source == "file" and found.file is None:
            raise entry.error(key, "poses of a file, but which? write {source: file, file: poses.npz}")
        return found

    return read


def check_poses(root: Entry, poses: schema.PoseSettings) -> None:
    """Look into the files that poses come from.

    Raises
    ------
    JobError
        A file is missing, damaged, or of other joints, or a prior knows no such label.
    """
    from .pose_files import canonical_poses, check_prior_file

    entry = root.value.get("poses") or root
    inner = entry.value if entry is not root and isinstance(entry.value, dict) else {}
    try:
        if poses.source == "file" and poses.file is not None:
            canonical_poses(poses.file)
            return
        if poses.prior is None:
            return
        card = check_prior_file(poses.prior)
    except PriorError as error:
        key = "poses.file" if "file" in inner else "poses"
        raise inner.get("file", entry).error(key, str(error)) from None
    for name in ("actions", "species"):
        known = [str(label) for label in card.get(name, ())]
        for place_in_list, label in enumerate(getattr(poses, name)):
            if label not in known:
                written = inner[name].value
                place = written[place_in_list] if isinstance(written, list) else inner[name]
                hint = suggestion(label, known)
                raise place.error(
                    f"poses.{name}",
                    f"found {label!r}, which no pose of the prior is labelled with{hint}; "
                    f"it knows {', '.join(known) or 'no labels'}",
                )
