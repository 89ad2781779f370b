"""Scenarios with something wrong in them, made from valid ones.

A mutation is three whole numbers: which, and two that say where and what. So hypothesis can draw and
shrink them, and a long search can count them off.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import yaml

Step = tuple[int, int, int]
#: a place in a tree: the container and the index of the item in it (a mapping is a list of pairs)
Place = tuple[Any, int]

ODD = (
    "",
    "~",
    "no",
    "NO",
    "1e-3",
    "1e400",
    "-1",
    "0",
    "20:30",
    "0o17",
    "017",
    "0x1F",
    "1_000",
    "1__0",
    "٣",
    "½",
    "999999999999999999999999",
    "1e308",
    "1e-320",
    "-0",
    ".5",
    "5.",
    "1/0",
    "0/0",
    "nan",
    "inf",
    ".inf",
    "٪",
    "%",
    "9999-12-31",
    "0001-01-01",
    "2001-02-29",
    "1 year",
    "-3 years",
    "1e9 years",
    "1e300 years",
    "0 days",
    "1e-9 days",
    "0.1 per year",
    "1e300 per minute",
    "0 per year",
    "per year",
    "5 mg",
    "5 mg/dL",
    "200%",
    "-5%",
    "0..0 years",
    "5..1 years",
    "0..",
    "..5",
    "0..1e300 days",
    "1 month ± 2 months",
    "normal(0, 0)",
    "normal(1e308, 1e308)",
    "beta(0, 0)",
    "weibull(median=0 days, shape=0)",
    "gamma(mean=1 day, shape=1e-9)",
    "lognormal(median=1 day, sigma=1e9)",
    "exponential(0 days)",
    "uniform(1, 0)",
    "min()",
    "if(1, 2)",
    "exp(1e9)",
    "log(0)",
    "sqrt(-1)",
    "2 ** 1e9",
    "10 ** 400",
    "age",
    "sex",
    "sex == male",
    "age >= 40 years",
    "date",
    "month",
    "birth",
    "death",
    "on",
    "ever",
    "last",
    "count of",
    "time since",
    "not",
    "and",
    "(((",
    ")))",
    "[",
    "{",
    "\u2028",
    "a\u0301",
    "\U0001f9ec",
    "\u202e",
    "\ufeff",
    "a" * 300,
    "x." * 60,
    "mild -> severe",
    "a -> b -> c",
    "->",
    "<<",
    "+x",
    "+",
    "*a",
    "&a",
    "!x",
    "forever",
    "twice",
    "any",
    "absent",
    "nothing",
    "disease",
    "never",
    "base",
    "..",
    "/",
    "\\",
    "\x00",
    "\n",
    "\t",
    " ",
    "male",
    "year",
    "true",
    "0 {doses}",
    "1 1/3000",
    "2 times",
    "0 times",
)


def parse(text: str) -> Any:
    """A scenario as lists of pairs, lists and texts."""
    return _plain(yaml.compose(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)))


class Pairs(list[list[Any]]):
    """A mapping, in which a key may stand twice."""


def _plain(node: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        return Pairs([_plain(key), _plain(value)] for key, value in node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    return node.value if node is not None else ""


def dump(tree: Any, indent: str = "") -> str:
    """The tree as YAML, a key or an item to a line, every text in quotes."""
    if isinstance(tree, Pairs):
        if not tree:
            return " {}\n"
        return "\n" + "".join(f"{indent}{_quoted(key)}:{dump(value, indent + '  ')}" for key, value in tree)
    if isinstance(tree, list):
        if not tree:
            return " []\n"
        return "\n" + "".join(f"{indent}-{dump(item, indent + '  ')}" for item in tree)
    return f" {_quoted(tree)}\n"


def _quoted(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(json.dumps(value, ensure_ascii=False), ensure_ascii=False)


def _copy(tree: Any) -> Any:
    if isinstance(tree, list):
        return type(tree)(_copy(item) for item in tree)
    return tree


def _places(tree: Any) -> list[Place]:
    found: list[Place] = []
    if isinstance(tree, Pairs):
        for index, (_, value) in enumerate(tree):
            found.append((tree, index))
            found += _places(value)
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            found.append((tree, index))
            found += _places(value)
    return found


def value_at(place: Place) -> Any:
    tree, index = place
    return tree[index][1] if isinstance(tree, Pairs) else tree[index]


def put(place: Place, value: Any) -> None:
    tree, index = place
    if isinstance(tree, Pairs):
        tree[index] = [tree[index][0], value]
    else:
        tree[index] = value


def _texts(places: Sequence[Place]) -> list[Place]:
    return [place for place in places if isinstance(value_at(place), str)]


def pick(things: Sequence[Any], number: int) -> Any:
    return things[number % len(things)]


# --- what may happen to a tree ------------------------------------------------------------


def _drop(places: list[Place], a: int, b: int) -> None:
    tree, index = pick(places, a)
    del tree[index]


def _duplicate(places: list[Place], a: int, b: int) -> None:
    tree, index = pick(places, a)
    tree.insert(index, _copy(tree[index]))


def _copy_elsewhere(places: list[Place], a: int, b: int) -> None:
    """A value, or a key with its value, is written once more somewhere else."""
    tree, index = pick(places, a)
    other, where = pick(places, b)
    if isinstance(tree, Pairs) is isinstance(other, Pairs):
        other.insert(where, _copy(tree[index]))
    else:
        put((other, where), _copy(value_at((tree, index))))


def _swap(places: list[Place], a: int, b: int) -> None:
    """Two values change places."""
    one, other = pick(places, a), pick(places, b)
    first, second = _copy(value_at(one)), _copy(value_at(other))
    put(one, second)
    put(other, first)


def _rename(places: list[Place], a: int, b: int) -> None:
    """A key is called like another one, or oddly."""
    keyed = [place for place in places if isinstance(place[0], Pairs)]
    if keyed:
        tree, index = pick(keyed, a)
        other, where = pick(keyed, b // 2)
        name = other[where][0] if b % 2 else pick(ODD, b // 2)
        tree[index] = [name, tree[index][1]]


def _odd(places: list[Place], a: int, b: int) -> None:
    put(pick(places, a), pick(ODD, b))


def _odd_text(places: list[Place], a: int, b: int) -> None:
    texts = _texts(places)
    if texts:
        put(pick(texts, a), pick(ODD, b))


def _same_kind(places: list[Place], a: int, b: int) -> None:
    """A text is replaced by another text of the scenario: it often stays valid."""
    texts = _texts(places)
    if texts:
        put(pick(texts, a), value_at(pick(texts, b)))


def _number(places: list[Place], a: int, b: int) -> None:
    """A number in a text becomes another one."""
    texts = [place for place in _texts(places) if any(c.isdigit() for c in value_at(place))]
    if not texts:
        return
    place = pick(texts, a)
    text = value_at(place)
    start = next(i for i, c in enumerate(text) if c.isdigit())
    end = next((i for i in range(start, len(text)) if not text[i].isdigit()), len(text))
    values = ("0", "1", "2", "7", "100", "1e9", "1e300", "1e-300", "0.5", "3.25", "99999999999", "-1")
    put(place, text[:start] + pick(values, b) + text[end:])


def _other_kind(places: list[Place], a: int, b: int) -> None:
    """A value becomes a list, a mapping, nothing, or is wrapped in one."""
    place = pick(places, a)
    value = value_at(place)
    kinds: tuple[Any, ...] = (
        [],
        Pairs(),
        [value],
        Pairs([["x", value]]),
        Pairs([["by", "age"], ["table", Pairs([["0.. years", value]])]]),
        Pairs([["rate", value]]),
        [[value]],
        Pairs([["", value]]),
        [value, value],
        Pairs([["when", value]]),
    )
    put(place, _copy(pick(kinds, b)))


def _cut_expression(places: list[Place], a: int, b: int) -> None:
    texts = [place for place in _texts(places) if " " in value_at(place)]
    if texts:
        place = pick(texts, a)
        words = value_at(place).split(" ")
        index = b % len(words)
        put(place, " ".join(words[:index] + words[index + 1 :]))


def _join_expressions(places: list[Place], a: int, b: int) -> None:
    texts = _texts(places)
    if texts:
        place, other = pick(texts, a), pick(texts, b)
        joint = pick(
            (" and ", " + ", " / ", " * ", "..", " ", ", ", " >= ", " in [", "(", " per ", "."), a + b
        )
        put(place, value_at(place) + joint + value_at(other))


def _deeper(places: list[Place], a: int, b: int) -> None:
    place = pick(places, a)
    value = value_at(place)
    for _ in range(b % 70):
        value = Pairs([["x", value]]) if b % 2 else [value]
    put(place, value)


def _empty_out(places: list[Place], a: int, b: int) -> None:
    """A list or mapping loses all, or all but one, of what is in it."""
    filled = [place for place in places if isinstance(value_at(place), list) and value_at(place)]
    if filled:
        value = value_at(pick(filled, a))
        value[:] = [value[(b // 2) % len(value)]] if b % 2 else []


def _reverse(places: list[Place], a: int, b: int) -> None:
    filled = [place for place in places if isinstance(value_at(place), list) and value_at(place)]
    if filled:
        value_at(pick(filled, a)).reverse()


TREE: tuple[Callable[[list[Place], int, int], None], ...] = (
    _drop,
    _duplicate,
    _copy_elsewhere,
    _swap,
    _rename,
    _odd,
    _odd_text,
    _same_kind,
    _number,
    _other_kind,
    _cut_expression,
    _join_expressions,
    _deeper,
    _empty_out,
    _reverse,
)
#: those after which a scenario has a chance to be valid
GENTLE = (_drop, _same_kind, _number, _empty_out, _reverse, _swap, _copy_elsewhere)


def mutated_tree(tree: Any, steps: Sequence[Step], kinds: Sequence[Any] = TREE) -> Any:
    """A copy of `tree` with some mutations, one after the other."""
    tree = _copy(tree)
    for kind, a, b in steps:
        places = _places(tree)
        if not places:
            return tree
        pick(kinds, kind)(places, a, b)
    return tree


@cache
def parsed(text: str) -> Any:
    return parse(text)


def mutated(text: str, steps: Sequence[Step], kinds: Sequence[Any] = TREE) -> str:
    """A scenario with some mutations of its structure."""
    return dump(mutated_tree(parsed(text), steps, kinds)).removeprefix("\n")


# --- what may happen to a text ------------------------------------------------------------

INSERTS = (
    "[",
    "]",
    "{",
    "}",
    "'",
    '"',
    ":",
    ": ",
    "#",
    " #",
    "|",
    ">",
    "%",
    "0",
    ",",
    "\n",
    "\n  ",
    "- ",
    "..",
    "&a ",
    "*a",
    "!!x ",
    "\t",
    "\r",
    "\x00",
    "\ufeff",
    "\u2028",
    "---\n",
    "...\n",
    "<<: ",
    "? ",
    "é",
    "e\u0301",
    "\U0001f9ec",
    "\x85",
    "\u00a0",
    "\u200b",
    "  ",
    "(",
    ")",
    "<",
    ">=",
    "->",
    "±",
    "1e999",
    "\\",
    "`",
    "@",
    "+",
    "-",
)


def slipped(text: str, steps: Sequence[Step]) -> str:
    """A scenario with slips of the pen: characters and lines lost, doubled, moved, put in."""
    for kind, a, b in steps:
        place = a % (len(text) + 1)
        lines = text.split("\n")
        line = a % len(lines)
        match kind % 8:
            case 0:
                text = text[:place] + pick(INSERTS, b) + text[place:]
            case 1:
                text = text[:place] + text[place + 1 + b % 5 :]
            case 2:
                text = "\n".join(lines[:line] + lines[line + 1 + b % 3 :])
            case 3:
                text = "\n".join([*lines[: line + 1], *lines[line:]])
            case 4:
                lines[line] = " " * (b % 7) + lines[line].lstrip()
                text = "\n".join(lines)
            case 5:
                other = b % len(lines)
                lines[line], lines[other] = lines[other], lines[line]
                text = "\n".join(lines)
            case 6:
                text = (
                    text[:place]
                    if b % 8 == 0
                    else text[:place] + text[place : place + b % 40] * 2 + text[place:]
                )
            case _:
                text = text[:place] + pick(ODD, b) + text[place + b % 9 :]
    return text
