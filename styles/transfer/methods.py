"""The methods a style can be made of, by name, and what each can be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .colour import SPACES, monge_kantorovich, reinhard
from .fourier import fourier_domain_adaptation
from .optimal_transport import sliced_optimal_transport
from .poisson import MAXIMUM_REACH, poisson_edges
from .regions import WHERE, Where
from .texture import photo_texture, soft_colours

Transfer = Callable[..., NDArray[np.uint8]]
"""``transfer(picture, alpha, style, *, where, strength, **parameters)``; see :mod:`styles.transfer`."""

CONTENTS: Final = ("picture", "animal")
"""What a network is shown: the whole picture, or the animal alone on black."""


@dataclass(frozen=True)
class Number:
    """A parameter that is a number in [low, high]; with ``whole`` an integer."""

    low: float
    high: float
    whole: bool = False


@dataclass(frozen=True)
class Choice:
    """A parameter that is one of some words."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Method:
    """One way of changing a picture.

    Attributes
    ----------
    where
        Places it can work on; the first is where it works when nothing is said.
    parameters
        What else it can be told.
    transfer
        The function; None for a network, which needs files of weights.
    """

    where: tuple[Where, ...]
    parameters: Mapping[str, Number | Choice]
    transfer: Transfer | None = None

    @property
    def is_network(self) -> bool:
        """Whether it needs files of weights."""
        return self.transfer is None


_SHARE: Final = Number(0.0, 1.0)
_SHARES: Final = {"lightness": _SHARE, "colour": _SHARE}
_LIMIT: Final = Number(1.0, 100.0)
_NETWORK: Final = Method(WHERE, {"content": Choice(CONTENTS)})

METHODS: Final[Mapping[str, Method]] = MappingProxyType(
    {
        "reinhard": Method(WHERE, {**_SHARES, "limit": _LIMIT}, reinhard),
        "monge_kantorovich": Method(
            WHERE, {**_SHARES, "limit": _LIMIT, "space": Choice(SPACES)}, monge_kantorovich
        ),
        "optimal_transport": Method(
            WHERE,
            {
                **_SHARES,
                "limit": _LIMIT,
                "rounds": Number(1, 1000, whole=True),
                "smoothness": Number(0.0, 255.0),
                "seed": Number(0, 2**63 - 1, whole=True),
            },
            sliced_optimal_transport,
        ),
        "fourier": Method(
            ("picture", "animal", "edge"), {"beta": Number(0.0, 0.5)}, fourier_domain_adaptation
        ),
        "poisson": Method(("edge",), {"reach": Number(0.1, MAXIMUM_REACH)}, poisson_edges),
        "texture": Method(("animal",), {**_SHARES, "size": Number(0.1, 200.0)}, photo_texture),
        "soft_colours": Method(
            ("picture",), {"reach": Number(0.1, 200.0), "lightness": _SHARE}, soft_colours
        ),
        "stytr2": _NETWORK,
        "adain": _NETWORK,
        "compact": _NETWORK,
    }
)
"""Every method by the name presets call it."""
