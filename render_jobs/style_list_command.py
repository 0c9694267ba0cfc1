"""``pasyn style list``: the built-in presets and what they need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_SAYS: Final = {
    "none": "pictures as they are composed, without a style pass",
    "pasyn": "the recipe of the PASyn paper: StyTr² on the render, mixed half and half",
    "photo": "a little of the background's contrast, its light round the outline, a mixed seam (default)",
}


def list_styles() -> None:
    """List the built-in presets, a line each, and which weights they need.

    \b
    Examples:
      pasyn style list
      pasyn run zebra.yaml --set style=none
      pasyn run zebra.yaml --set style=my_look.yaml      a preset of your own
    """  # noqa: D301 - click's mark for "keep these lines" is the character backspace
    for line in style_lines():
        print(line)


def style_lines() -> Sequence[str]:
    """Lines of ``pasyn style list``."""
    from styles.neural import ROLES
    from styles.preset import load_preset, preset_names

    lines = []
    names = preset_names()
    width = max(map(len, names))
    for name in names:
        preset = load_preset(name)
        steps = ", ".join(step.method for step in preset.steps) or "no step"
        says = _SAYS.get(name, f"{len(preset.steps)} steps")
        lines.append(f"{name:<{width}}  {says}")
        needs = [
            f"weights of {method}: {', '.join(ROLES[method])}"
            for method in dict.fromkeys(preset.needs_weights)
        ]
        lines.append(f"{'':<{width}}  {steps}; needs {'; '.join(needs) or 'no weights'}")
    return lines
