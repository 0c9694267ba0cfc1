"""What bone, material and mesh names tell, as a second witness beside geometry."""

from __future__ import annotations

import re
from typing import Final

_PATTERNS: Final = {
    "head": r"head|skull|cabeza|kopf|tete|cranium|atama",
    "neck": r"neck|cervic|cuello|hals|\bcou\b",
    "jaw": r"jaw|mandib|chin|mouth|lip|tongue|teeth|tooth",
    "ear": r"\bears?\b|ear\d|ohr|oreja",
    "tail": r"tail|cola|schwanz|queue|caud|shippo",
    "eye": r"\beyes?\b|eyeball|iris|pupil|cornea|\bojos?\b|auge",
    "twist": r"twist|roll",
    "horn": r"horn|antler|ossicone|tusk",
}


def spoken_words(name: str) -> str:
    """Lower-case a name and part its words: ``b_LeftEye01`` becomes ``b left eye01``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.sub(r"[^0-9a-zA-Z]+", " ", spaced).lower().strip()


def names_part(name: str, part: str) -> bool:
    """Whether a name speaks of a body part (one of the keys of the table above)."""
    words = re.sub(r"(\d+)", r" \1", spoken_words(name)) if part in ("eye", "ear") else spoken_words(name)
    return re.search(_PATTERNS[part], words) is not None
