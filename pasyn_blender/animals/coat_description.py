"""Coat descriptions: what a species' ``coats/<species>.yaml`` may say, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from ..errors import RigError
from .coat_kinds import EACH_LEG, PATTERNS, Area, Kind, Lean, Mark, Palette, PiecePaint, Range, Shade, Skin
from .coat_regions import REGIONS
from .sweep import FloatArray


def read_kinds(description: Mapping[str, Any]) -> tuple[Kind, ...]:
    """Kinds of coat of a species.

    Parameters
    ----------
    description
        Contents of a coat file: ``kinds``, a list; every other key is common to all kinds, and a kind's own
        value of it wins. Lists ``shades`` and ``marks`` of both are joined, the common ones first.

    Returns
    -------
    tuple
        At least one.

    Raises
    ------
    RigError
        If something is missing, unknown or out of range; the message names the key.
    """
    if not isinstance(description, Mapping):
        raise _error("coat", "expected keys with values", description)
    kinds = description.get("kinds")
    if not isinstance(kinds, Sequence) or isinstance(kinds, str) or not kinds:
        raise _error("coat.kinds", "expected a list of kinds", kinds)
    common = {key: value for key, value in description.items() if key != "kinds"}
    return tuple(_kind(f"coat.kinds[{i}]", common, given) for i, given in enumerate(kinds))


_KIND_KEYS: Final = (
    "name", "share", "builds", "base", "jitter", "mottle", "pattern", "figure", "shades", "marks", "skin",
    "pieces",
    "dirt", "roughness", "fur", "locks", "wool", "wool_area", "replace",
)  # fmt: skip


def _kind(key: str, common: Mapping[str, Any], given: Any) -> Kind:
    _keys(key, given, _KIND_KEYS)
    # `replace` names common lists that a kind does without
    replaced = given.get("replace", [])
    data = {**common, **given}
    for name in ("shades", "marks"):
        before = [] if name in replaced else common.get(name, [])
        data[name] = [*_list(f"coat.{name}", before), *_list(f"{key}.{name}", given.get(name, []))]
    _keys(key, data, _KIND_KEYS)
    data["pieces"] = {**common.get("pieces", {}), **given.get("pieces", {})}
    pattern = data.get("pattern", {"kind": "plain"})
    if not isinstance(pattern, Mapping) or pattern.get("kind") not in PATTERNS:
        raise _error(f"{key}.pattern.kind", f"expected one of {list(PATTERNS)}", pattern)
    numbers = PATTERNS[pattern["kind"]]
    _keys(
        f"{key}.pattern", pattern, ("kind", "where", "except", "size", "ragged", "periods", "lean", *numbers)
    )
    base = _palette(f"{key}.base", data.get("base"))
    jitter = data.get("jitter", {})
    _keys(f"{key}.jitter", jitter, ("value", "warmth", "saturation"))
    only = _area(f"{key}.pattern", pattern) if "where" in pattern or "except" in pattern else None
    wool_area = _area(f"{key}.wool_area", data["wool_area"]) if "wool_area" in data else None
    pieces = data["pieces"]
    periods = pattern.get("periods", {})
    if not isinstance(periods, Mapping):
        raise _error(f"{key}.pattern.periods", "expected parts of the body with widths", periods)
    return Kind(
        name=str(data.get("name", key)),
        share=_number(f"{key}.share", data.get("share", 1.0), 0.0, 1e6),
        builds=tuple(str(name) for name in _list(f"{key}.builds", data.get("builds", []))),
        base=base,
        jitter=(
            _number(f"{key}.jitter.value", jitter.get("value", 0.08), 0.0, 1.0),
            _number(f"{key}.jitter.warmth", jitter.get("warmth", 0.02), 0.0, 1.0),
            _number(f"{key}.jitter.saturation", jitter.get("saturation", 0.06), 0.0, 1.0),
        ),
        mottle=_number(f"{key}.mottle", data.get("mottle", 0.04), 0.0, 1.0),
        pattern=pattern["kind"],
        figure=_palette(f"{key}.figure", data["figure"]) if "figure" in data else base,
        numbers={
            name: _range(f"{key}.pattern.{name}", pattern.get(name, usual), -10.0, 10.0)
            for name, usual in numbers.items()
        },
        only=only,
        leans=tuple(
            _lean(f"{key}.pattern.lean[{i}]", item)
            for i, item in enumerate(_list(f"{key}.pattern.lean", pattern.get("lean", [])))
        ),
        shades=tuple(_shade(f"{key}.shades[{i}]", item) for i, item in enumerate(data["shades"])),
        marks=tuple(_mark(f"{key}.marks[{i}]", item) for i, item in enumerate(data["marks"])),
        skin=_skin(f"{key}.skin", data.get("skin", {})),
        pieces={name: _piece(f"{key}.pieces.{name}", item) for name, item in pieces.items()},
        dirt=_range(f"{key}.dirt", data.get("dirt", (0.0, 0.25)), 0.0, 1.0),
        roughness=_number(f"{key}.roughness", data.get("roughness", 0.7), 0.0, 1.0),
        fur=_number(f"{key}.fur", data.get("fur", 0.5), 0.0, 1.0),
        wool=_number(f"{key}.wool", data.get("wool", 0.0), 0.0, 1.0),
        wool_area=wool_area,
        locks=_number(f"{key}.locks", data.get("locks", 0.0), 0.0, 1.0),
        widths={
            str(part): _number(f"{key}.pattern.periods.{part}", value, 0.005, 1.0)
            for part, value in periods.items()
        },
    )


def _area(key: str, given: Mapping[str, Any], each_leg: bool = False) -> Area:
    names = given.get("where", "all")
    names = [names] if isinstance(names, str) else _list(f"{key}.where", names)
    known = (*REGIONS, EACH_LEG) if each_leg else tuple(REGIONS)
    for name in names:
        if name not in known:
            raise _error(f"{key}.where", f"expected regions out of {sorted(known)}", name)
    exceptions = given.get("except", {})
    if isinstance(exceptions, str):
        exceptions = [exceptions]
    if not isinstance(exceptions, Mapping):
        exceptions = dict.fromkeys(_list(f"{key}.except", exceptions), 1.0)
    for name in exceptions:
        if name not in REGIONS:
            raise _error(f"{key}.except", f"expected regions out of {sorted(REGIONS)}", name)
    return Area(
        inside=tuple(names),
        outside=tuple(
            (name, _number(f"{key}.except.{name}", value, 0.0, 10.0)) for name, value in exceptions.items()
        ),
        size=_range(f"{key}.size", given.get("size", 1.0), 0.0, 10.0),
        ragged=_number(f"{key}.ragged", given.get("ragged", 0.006), 0.0, 0.5),
    )


_AREA_KEYS: Final = ("where", "except", "size", "ragged")


def _shade(key: str, given: Any) -> Shade:
    _keys(key, given, (*_AREA_KEYS, "colour", "value", "amount", "soft", "chance", "of"))
    if "where" not in given or ("colour" in given) == ("value" in given):
        raise _error(key, "expected where, and either colour or value", dict(given))
    on = given.get("of", "both")
    if on not in ("ground", "figure", "both"):
        raise _error(f"{key}.of", "expected ground, figure or both", on)
    return Shade(
        area=_area(key, given),
        colour=_palette(f"{key}.colour", given["colour"]) if "colour" in given else None,
        value=_range(f"{key}.value", given.get("value", 1.0), 0.01, 10.0),
        amount=_range(f"{key}.amount", given.get("amount", 1.0), 0.0, 1.0),
        soft=_number(f"{key}.soft", given.get("soft", 0.03), 0.001, 1.0),
        chance=_number(f"{key}.chance", given.get("chance", 1.0), 0.0, 1.0),
        on=on,
    )


def _lean(key: str, given: Any) -> Lean:
    _keys(key, given, (*_AREA_KEYS, "amount", "soft"))
    return Lean(
        area=_area(key, given),
        amount=_range(f"{key}.amount", given.get("amount", 1.0), -10.0, 10.0),
        soft=_number(f"{key}.soft", given.get("soft", 0.06), 0.001, 1.0),
    )


def _mark(key: str, given: Any) -> Mark:
    _keys(key, given, (*_AREA_KEYS, "chance", "cut"))
    cut = given.get("cut", False)
    if "where" not in given or not isinstance(cut, bool):
        raise _error(key, "expected where, and cut to be true or false", dict(given))
    area = _area(key, given, each_leg=True)
    if EACH_LEG in area.inside and len(area.inside) > 1:
        raise _error(f"{key}.where", f"{EACH_LEG} stand alone", list(area.inside))
    return Mark(area, _number(f"{key}.chance", given.get("chance", 1.0), 0.0, 1.0), cut)


def _skin(key: str, given: Any) -> Skin:
    _keys(key, given, ("colour", "nose", "above", "wet", "lids", "rims", "hooves", "bare", "mouth"))
    hooves = given.get("hooves")
    for name in ("wet", "mouth"):
        if not isinstance(given.get(name, True), bool):
            raise _error(f"{key}.{name}", "expected true or false", given[name])
    return Skin(
        colour=_palette(f"{key}.colour", given.get("colour", [0.044, 0.034, 0.030])),
        nose=_number(f"{key}.nose", given.get("nose", 0.80), 0.0, 2.0),
        above=_number(f"{key}.above", given.get("above", -1.0), -1.0, 1.0),
        wet=given.get("wet", False),
        lids=_palette(f"{key}.lids", given.get("lids", [0.035, 0.028, 0.025])),
        rims=_number(f"{key}.rims", given.get("rims", 1.0), 0.0, 1.0),
        hooves=None if hooves is None else _palette(f"{key}.hooves", hooves),
        bare=_number(f"{key}.bare", given.get("bare", 0.0), 0.0, 1.0),
        mouth=given.get("mouth", True),
    )


def _piece(key: str, given: Any) -> PiecePaint:
    _keys(key, given, ("base", "tip", "inside", "amount", "from"))
    base, tip, inside = (
        None if given.get(name) is None else _palette(f"{key}.{name}", given[name])
        for name in ("base", "tip", "inside")
    )
    amount = _range(f"{key}.amount", given.get("amount", 1.0), 0.0, 1.0)
    return PiecePaint(
        base, tip, inside, amount, _range(f"{key}.from", given.get("from", [0.6, 0.95]), 0.0, 2.0)
    )


def _palette(key: str, given: Any) -> Palette:
    """A colour, or a list of colours: sRGB as "#rrggbb", or three linear numbers."""
    if isinstance(given, str) or (_is_list(given) and given and not _is_list(given[0])):
        if not isinstance(given, str) and isinstance(given[0], str):
            return Palette(np.array([_colour(f"{key}[{i}]", item) for i, item in enumerate(given)]))
        return Palette(_colour(key, given)[None])
    if not _is_list(given) or not given:
        raise _error(key, 'expected "#rrggbb", three linear numbers, or a list of such', given)
    return Palette(np.array([_colour(f"{key}[{i}]", item) for i, item in enumerate(given)]))


def _colour(key: str, given: Any) -> FloatArray:
    if isinstance(given, str):
        digits = given.removeprefix("#")
        if len(digits) != 6 or any(c not in "0123456789abcdefABCDEF" for c in digits):
            raise _error(key, 'expected a colour as "#rrggbb"', given)
        shown = np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)]) / 255.0
        linear: FloatArray = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
        return np.maximum(linear, 1e-4)
    if not _is_list(given) or len(given) != 3:
        raise _error(key, "expected three linear numbers, red, green and blue", given)
    return np.array([_number(key, value, 1e-4, 1.0) for value in given])


def _range(key: str, given: Any, low: float, high: float) -> Range:
    if _is_list(given):
        if len(given) != 2:
            raise _error(key, "expected a number, or its lowest and highest value", given)
        first, last = (_number(key, value, low, high) for value in given)
        if last < first:
            raise _error(key, "expected the lowest value first", given)
        return first, last
    value = _number(key, given, low, high)
    return value, value


def _number(key: str, given: Any, low: float, high: float) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not low <= given <= high:
        raise _error(key, f"expected a number from {low:g} to {high:g}", given)
    return float(given)


def _is_list(given: Any) -> bool:
    return isinstance(given, Sequence) and not isinstance(given, str)


def _list(key: str, given: Any) -> list[Any]:
    if not _is_list(given):
        raise _error(key, "expected a list", given)
    return list(given)


def _keys(key: str, given: Any, known: Sequence[str]) -> None:
    if not isinstance(given, Mapping):
        raise _error(key, "expected keys with values", given)
    odd = [name for name in given if name not in known]
    if odd:
        raise RigError(f"{key}.{odd[0]}: unknown key; expected some of {list(known)}")


def _error(key: str, right: str, found: Any) -> RigError:
    return RigError(f"{key}: {right}, found {found!r}")
