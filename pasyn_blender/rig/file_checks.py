"""What can be said about a model file before Blender reads it."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ..errors import RigError

SUFFIXES = (".blend", ".fbx", ".glb", ".gltf")
_BINARY_FBX = b"Kaydara FBX Binary  \x00"
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_ZSTANDARD_SEEK_TABLE = b"\xb1\xea\x92\x8f"
_READABLE_GLTF_EXTENSIONS = {
    "EXT_mesh_gpu_instancing",
    "EXT_texture_webp",
    "KHR_draco_mesh_compression",
    "KHR_mesh_quantization",
    "KHR_texture_transform",
}


def check_model_file(path: Path) -> str:
    """Find out which of the known formats a file really has.

    Returns
    -------
    str
        ``"blend"``, ``"gltf"``, ``"fbx"`` or ``"fbx-text"``.

    Raises
    ------
    RigError
        When the file is missing, empty, of another kind, not what its name says, or visibly cut short.
    """
    if not path.exists():
        raise RigError(f"{path}: no such file")
    if not path.is_file():
        raise RigError(f"{path} is a folder; name the model file in it")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise RigError(
            f"{path.name}: '{suffix or 'no suffix'}' is not a format that can be read; "
            f"bring a rig as {', '.join(SUFFIXES)}"
        )
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(64)
            stream.seek(max(0, size - 64))
            tail = stream.read()
    except OSError as error:
        raise RigError(f"{path}: cannot be read ({error.strerror})") from None
    if size == 0:
        raise RigError(f"{path.name} is empty (0 bytes)")
    if suffix == ".blend":
        return _check_blend(path, head, tail)
    if suffix == ".fbx":
        return _check_fbx(path, head)
    if suffix == ".glb":
        return _check_glb(path, head, size)
    return _check_gltf(path)


def _check_blend(path: Path, head: bytes, tail: bytes) -> str:
    if head.startswith(_ZSTANDARD):
        if not tail.endswith(_ZSTANDARD_SEEK_TABLE):
            raise RigError(f"{path.name} is cut short: a compressed .blend without its end")
    elif head.startswith(b"\x1f\x8b"):
        try:
            with gzip.open(path) as stream:
                start = stream.read(7)
                while stream.read(1 << 20):
                    pass
        except (OSError, EOFError) as error:
            raise RigError(f"{path.name} is cut short or damaged: {error}") from None
        if start != b"BLENDER":
            raise RigError(f"{path.name} is not a Blender file")
    elif not head.startswith(b"BLENDER"):
        raise RigError(f"{path.name} is not a Blender file, whatever its suffix says")
    elif b"ENDB" not in tail:
        raise RigError(f"{path.name} is cut short: its end is missing")
    return "blend"


def _check_fbx(path: Path, head: bytes) -> str:
    if head.startswith(_BINARY_FBX):
        (version,) = struct.unpack_from("<I", head, 23)
        if version < 7100:
            raise RigError(
                f"{path.name} is FBX version {version / 1000:g}; only 7.1 (2011) and later can be read: "
                "save it again from a newer program"
            )
        return "fbx"
    if b"FBX" in head.split(b"\n")[0] or head.lstrip().startswith(b"; FBX"):
        return "fbx-text"
    raise RigError(f"{path.name} is not an FBX file, whatever its suffix says")


def _check_glb(path: Path, head: bytes, size: int) -> str:
    if not head.startswith(b"glTF") or size < 20:
        raise RigError(f"{path.name} is not a binary glTF file, whatever its suffix says")
    _, version, length, json_length, json_type = struct.unpack_from("<4sIIII", head)
    if version != 2:
        raise RigError(f"{path.name} is glTF version {version}; only version 2 can be read")
    if length > size or json_length > size - 20 or json_type != 0x4E4F534A:
        raise RigError(f"{path.name} is cut short: {size} bytes of {length}")
    with path.open("rb") as stream:
        stream.seek(20)
        _check_gltf_content(path, stream.read(json_length))
    return "gltf"


def _check_gltf(path: Path) -> str:
    content = _check_gltf_content(path, path.read_bytes())
    for buffer in content.get("buffers", []):
        uri = buffer.get("uri", "") if isinstance(buffer, dict) else ""
        if uri and not uri.startswith("data:") and not (path.parent / unquote(uri)).is_file():
            raise RigError(f"{path.name} needs the file '{unquote(uri)}' next to it, which is not there")
    return "gltf"


def _check_gltf_content(path: Path, text: bytes) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("asset"), dict):
        raise RigError(f"{path.name} is not a glTF file, or a damaged one: its JSON part cannot be read")
    if not str(content["asset"].get("version", "")).startswith("2"):
        raise RigError(f"{path.name} is glTF version {content['asset'].get('version')}; only 2 can be read")
    required = content.get("extensionsRequired", [])
    unreadable = sorted(
        name
        for name in required
        if name not in _READABLE_GLTF_EXTENSIONS and not name.startswith("KHR_materials_")
    )
    if unreadable:
        raise RigError(f"{path.name} uses {', '.join(unreadable)}, which Blender cannot read: export without")
    return content
