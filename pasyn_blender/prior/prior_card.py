"""The card of a prior: what ``NAME.json`` beside ``NAME.npz`` says, read with the standard library alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ..errors import PriorError

FORMAT: Final = "pasyn prior 1"


def card_path(path: Path) -> Path:
    """Return where the card of a prior lies: beside it."""
    return path.with_suffix(".json")


def read_card(path: Path) -> dict[str, Any]:
    """Read the card of a prior.

    Parameters
    ----------
    path
        Of the prior, not of the card.

    Raises
    ------
    PriorError
        The prior is not there, its card is missing or damaged, or it has another format.
    """
    if path.suffix != ".npz":
        raise PriorError(f"{path} is no prior: name the .npz file, whose card is the .json beside it")
    place = card_path(path)
    try:
        card = json.loads(place.read_bytes())
    except FileNotFoundError:
        if not path.exists():
            raise PriorError(f"{path} does not exist; `pasyn prior train` makes one from a corpus") from None
        raise PriorError(
            f"{path} is no whole prior, it has no card: {place.name} should lie beside it"
        ) from None
    except OSError as error:
        raise PriorError(f"{place} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise PriorError(f"{place} is no readable card: {error}") from None
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        found = card.get("format") if isinstance(card, dict) else type(card).__name__
        raise PriorError(f"{place} has format {found!r}; this version reads {FORMAT!r}")
    if not isinstance(card.get("joints"), list):
        raise PriorError(f"{place} is the card of no prior: its joints are no list")
    return card


def read_content(path: Path) -> bytes:
    """Read what the file of a prior holds.

    Raises
    ------
    PriorError
        It is missing or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise PriorError(f"{path} does not exist; `pasyn prior train` makes one from a corpus") from None
    except OSError as error:
        raise PriorError(f"{path} cannot be read: {error.strerror or error}") from None


def check_belongs(card: Mapping[str, Any], content: bytes, path: Path) -> None:
    """Check that a card describes what the file of a prior holds.

    Raises
    ------
    PriorError
        Their checksums differ.
    """
    found, told = hashlib.sha256(content).hexdigest(), str(card.get("arrays_sha256"))
    if found != told:
        raise PriorError(
            f"{path} is damaged, or not the file that {card_path(path).name} describes: its SHA-256 is "
            f"{found[:12]}…, the card says {told[:12]}…; train or copy it again, with its card"
        )
