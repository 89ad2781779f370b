"""The functions of expressions: their arguments, and how they are written."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from simulator.scenario.lexer import ExpressionError

#: arguments of each function, in order; several names for one place are alternatives
FUNCTIONS: dict[str, tuple[tuple[str, ...], ...]] = {
    "normal": (("mean",), ("sd",)),
    "uniform": (("low",), ("high",)),
    "exponential": (("mean",),),
    "weibull": (("median", "scale"), ("shape",)),
    "gamma": (("mean", "scale"), ("shape",)),
    "lognormal": (("median",), ("sigma",)),
    "beta": (("a",), ("b",)),
    "exp": ((),),
    "log": ((),),
    "sqrt": ((),),
    "round": ((), ()),
    "if": ((), (), ()),
}
ANY_NUMBER = ("min", "max")  # of two or more
DISTRIBUTIONS = ("normal", "uniform", "exponential", "weibull", "gamma", "lognormal", "beta")
TABULATED = ("empirical", "kaplan_meier", "mixture")  # distributions that are written as mappings only


def check_arguments(
    function: str, count: int, keywords: Iterable[str], where: tuple[int, int] = (0, 1)
) -> None:
    """Raises: ExpressionError if `count` positional arguments and `keywords` do not fit `function`."""
    names = list(keywords)
    usage = signature(function)
    if function in ANY_NUMBER:
        if names or count < 2:
            raise ExpressionError("E307", f"`{function}` needs two or more values", *where, expected=usage)
        return
    slots = FUNCTIONS[function]
    legal = [name for slot in slots for name in slot]
    for name in names:
        if name not in legal:
            close = difflib.get_close_matches(name, legal, 1, 0.6)
            raise ExpressionError(
                "E307", f"`{function}` has no argument `{name}`", *where,
                expected=usage, nearest=close[0] if close else None,
            )  # fmt: skip
    for index, slot in enumerate(slots):
        given = [*(["by position"] if index < count else []), *(n for n in names if n in slot)]
        if len(given) > 1:
            both = " and ".join(f"`{n}`" if n in slot else n for n in given)
            message = f"`{function}` is given {both}; one is enough"
            raise ExpressionError("E307", message, *where, expected=usage)
        if not given:
            missing = " or ".join(f"`{n}`" for n in slot) or f"argument {index + 1}"
            raise ExpressionError("E307", f"`{function}` lacks {missing}", *where, expected=usage)
    if count > len(slots):
        message = f"`{function}` takes {len(slots)} arguments, not {count + len(names)}"
        raise ExpressionError("E307", message, *where, expected=usage)


def signature(function: str) -> str:
    """How a function is written, e.g. ``weibull(median=…, shape=…)``."""
    if function in ANY_NUMBER:
        return f"`{function}(a, b, …)`"
    if function == "if":
        return "`if(condition, then, otherwise)`"
    slots = FUNCTIONS[function]
    if not slots[0]:
        return f"`{function}(x)`"
    choices = [f"{slot[0]}=…" if len(slot) == 1 else " or ".join(f"{n}=…" for n in slot) for slot in slots]
    return f"`{function}({', '.join(choices)})`"
