"""``pasyn animals build``: built-in animals as files that any other program opens."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from pasyn_blender.errors import OutputError
from pasyn_blender.scene.silence import in_silence

from .animals_choice import Choice
from .layout import PARTIAL_MARK, create_folder, finish_partial, write_atomically, writing

FORMATS: Final = ("blend", "glb")

Advance = Callable[[str, float], None]
"""Told what is being done, and the share of all that is done."""


def chosen_formats(text: str) -> tuple[str, ...]:
    """Formats of ``blend,glb``, in that order.

    Raises
    ------
    OutputError
        One of them is not written.
    """
    named = [part.strip().lower().removeprefix(".") for part in text.split(",")]
    odd = [name for name in named if name not in FORMATS]
    if odd:
        raise OutputError(f"--formats {text}: {odd[0]!r} is none of {', '.join(FORMATS)}")
    return tuple(name for name in FORMATS if name in named)


def build_files(
    choices: Sequence[Choice], folder: Path, formats: Sequence[str], motions: bool, advance: Advance
) -> list[Path]:
    """Build animals one after another and write each in every format.

    Parameters
    ----------
    choices
        Which animals.
    folder
        Where ``<species>-<individual>.<format>`` go, and the rig map beside them; made when missing.
    formats
        Of :data:`FORMATS`.
    motions
        Whether their actions go with them.
    advance
        Told how far it is.

    Returns
    -------
    list of Path
        The files, each of which is there whole or as it was before.

    Raises
    ------
    OutputError
        A file cannot be written.
    RigError, RenderError
        An animal cannot be built, or Blender does not write it.
    """
    from pasyn_blender.animals.export import build_alone, save_blend, save_glb
    from pasyn_blender.animals.landmarks import animal_rig_map
    from pasyn_blender.rig.loading import read_geometry
    from pasyn_blender.rig.rig_map_file import rig_map_text

    create_folder(folder)
    written = []
    for number, choice in enumerate(choices):
        share = number / len(choices)
        advance(f"{choice.name}: building", share)
        with in_silence():
            rig = build_alone(choice.species, choice.individual, motions=motions)
            rig_map = animal_rig_map(choice.species, rig, read_geometry(rig))
        # Of an animal made by code joints and keypoints are known: nobody has to find them in its files.
        map_path = folder / f"{choice.name}.rig_map.yaml"
        write_atomically(map_path, rig_map_text(rig_map).encode())
        written.append(map_path)
        # Blender adds to names and writes beside them: a folder of its own keeps what is not finished apart.
        with writing(folder), tempfile.TemporaryDirectory(prefix=PARTIAL_MARK, dir=folder) as unfinished:
            # glTF last, whose materials and keys differ from Blender's.
            for place, format_ in enumerate(formats):
                name = f"{choice.name}.{format_}"
                advance(
                    f"{choice.name}: writing {name}", share + (place + 1) / (len(formats) + 1) / len(choices)
                )
                partial = Path(unfinished) / name
                with in_silence():
                    if format_ == "blend":
                        save_blend(partial)
                    else:
                        save_glb(rig, partial)
                finish_partial(partial, folder / name)
                written.append(folder / name)
    advance("", 1.0)
    return written
