"""Style transfer by networks: AdaIN, StyTr² and a compact network that is trained on one's own photos.

Torch is imported when a network is loaded, not with this module. The Blender extension has none of this.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pasyn_blender.errors import StyleError

if TYPE_CHECKING:
    from .picture_batches import StylePass

ROLES: Final[dict[str, tuple[str, ...]]] = {
    "adain": ("encoder", "decoder"),
    "stytr2": ("embedding", "transformer", "decoder"),
    "compact": ("weights",),
}
"""The files of each kind of network, by role."""


def load(
    kind: str,
    paths: Mapping[str, Path],
    sha256: Mapping[str, str] | None = None,
    device: str = "auto",
) -> StylePass:
    """Read a network's weights and make it ready.

    Parameters
    ----------
    kind
        ``adain``, ``stytr2`` or ``compact``.
    paths
        File of each role, as :data:`ROLES` lists them. For ``adain``: encoder (``vgg_normalised.pth``) and
        decoder (``decoder.pth``). For ``stytr2``: embedding, transformer and decoder
        (``embedding_iter_160000.pth`` and so on). For ``compact``: weights, from ``pasyn style train``.
    sha256
        SHA-256 that files must have, by role; those without one are not compared.
    device
        ``auto`` (a GPU where there is one), ``cpu``, ``cuda`` or ``mps``.

    Returns
    -------
    StylePass
        Called with a content (H, W, 3) and a style (h, w, 3), both uint8, it returns (H, W, 3) uint8;
        ``strength`` from 0 to 1 mixes. Its ``many`` does lists of pictures at once.

    Raises
    ------
    StyleError
        The kind or a role is unknown, a file is missing, damaged, unsafe or another network's, or there is
        no such device.
    """
    sha256 = {} if sha256 is None else sha256
    if kind not in ROLES:
        raise StyleError(f"style network {kind!r} is none of {', '.join(ROLES)}")
    for name, given in (("paths", paths), ("sha256", sha256)):
        unknown = [role for role in given if role not in ROLES[kind]]
        if unknown:
            raise StyleError(
                f"{kind}: {name} of {', '.join(unknown)}; its files are {', '.join(ROLES[kind])}"
            )
    missing = [role for role in ROLES[kind] if role not in paths]
    if missing:
        raise StyleError(f"{kind}: no file is given for {', '.join(missing)}")
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise StyleError(
            f"{kind}: torch and safetensors are needed: pip install 'pasyn[networks]' ({error})"
        ) from None
    from .network_loading import loaded

    return loaded(kind, paths, sha256, device)
