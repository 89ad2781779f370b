"""Drawings in the dark: the same hues with light and dark exchanged, where the reader's system is dark.

Graphviz writes colours as attributes; rules of style win over those, so a drawing needs no second version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from colorsys import hls_to_rgb, rgb_to_hls

PAPER, INK = "#12181f", "#e6ebf1"  #: of a dark page
DARK = "@media screen and (prefers-color-scheme: dark)"

_COLOURED = re.compile(r'\b(fill|stroke)="(#[0-9a-f]{6})"')
_DARKEST, _LIGHTEST = 0.09, 0.9
_FAINT = 1.8  #: above 1, what is faint on white stands out more on black
_MOST_SATURATED = 0.85


def dark(colour: str) -> str:
    """What a colour (``#rrggbb``) of a light drawing becomes in a dark one.

    >>> dark("#ffffff"), dark("#000000")
    ('#171717', '#e6e6e6')
    """
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, light, _ = rgb_to_hls(red, green, blue)
    light = _LIGHTEST - light**_FAINT * (_LIGHTEST - _DARKEST)
    # as colourful as it was: a hint of yellow in white does not become brown
    chroma = max(red, green, blue) - min(red, green, blue)
    saturation = min(_MOST_SATURATED, chroma / (1 - abs(2 * light - 1)))
    shown = hls_to_rgb(hue, light, saturation)
    return "#" + "".join(f"{round(part * 255):02x}" for part in shown)


def dark_rules(drawings: Iterable[str], within: str = "") -> str:
    """Rules of style that show SVG drawings in dark colours; `within`: the selector of what holds them."""
    found = sorted({match.groups() for drawing in drawings for match in _COLOURED.finditer(drawing)})
    space = f"{within} " if within else ""
    rules = [f"{space}text:not([fill]) {{ fill: {INK}; }}"]
    rules += [f'{space}[{name}="{colour}"] {{ {name}: {dark(colour)}; }}' for name, colour in found]
    return f"{DARK} {{\n" + "\n".join(rules) + "\n}\n"
