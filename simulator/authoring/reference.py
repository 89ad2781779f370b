"""docs/reference.md: every block and key of the language, generated from the model.

Nothing is written here that the model knows: kinds, defaults, choices and words come from `keys.py`, rules
from `together.py`, examples from `examples.py`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from simulator.scenario import model
from simulator.scenario.block_names import about, block_names, blocks_of
from simulator.scenario.code_systems import SYSTEMS
from simulator.scenario.examples import examples, stage
from simulator.scenario.keys import SHORTHAND, Key, Kind, keys_of
from simulator.scenario.statement import FORMS
from simulator.scenario.together import Together, together

INTRODUCTION = """\
# Language reference

Every block and key of a scenario file. This page is generated from the program (`make reference`); what the
words mean, by example, is told in [language.md](language.md), what can go wrong in
[findings.md](findings.md), and how an editor completes and checks all this in [editors.md](editors.md).

In headings, `NAME` is a name that you choose and `[]` stands for an item of a list. Where one text is
asked for, or a list of texts, a single text may stand for the list. The examples stand on
[the scenario at the end of this page](#the-scenario-of-the-examples), as a file stands on one that it
[uses](language.md#putting-scenarios-together); `simulator check` finds nothing wrong with any of them.
"""

#: a kind's name in tables, how it is written, and where the language page tells more
KINDS = (
    ("text", "words; in quotes if they hold `: ` or ` #`", ""),
    ("whole number", "`10_000`", "values"),
    ("number", "`0.1`", "values"),
    ("date", "`2019-10-21`", "values"),
    ("duration", "`3 days`, `2 months`", "values"),
    ("unit", "a UCUM unit: `mg/dL`, `mm[Hg]`, `%`, `1`", "values"),
    ("expression", "`3`, `85%`, `0.06 per year`, `0..3 days`, `normal(95, 8)`, `on eti and age >= 2 years`",
     "expressions"),
    ("expression or table", "an expression, or a [table](#table)", "tables"),
    ("rate", "`0.06 per year`, a [hazard table](#hazard), or [gompertz](#gompertz)", "tables"),
    ("shares", "`{never: 60%, former: 25%, current: 15%}`, or a [table](#table) whose last axis they are",
     "tables"),
    ("arrow", "`mild -> severe: {rate: 0.06 per year}`: a [trigger](#trigger) under `FROM -> TO`", ""),
    ("statistic", "`prevalence of t2d in 2019`, see [below](#statistics)", "expectations-and-targets"),
    ("bounds", "`18%..24%`, `at least 90%`, `at most 1 year`", "expectations-and-targets"),
    ("amount", "`21%`, `6 months`, `4.9 per 100_000 per year`", "expectations-and-targets"),
    ("codes", "`{icd10cm: E84.9, orphanet: 586}`, see [below](#codes)", ""),
)  # fmt: skip

#: where the language page explains a part of the scenario
EXPLAINED = {
    "use": "putting-scenarios-together", "parameters": "parameters", "arms": "arms",
    "attributes": "attributes-that-change", "progressions": "courses-that-several-diseases-follow",
    "diseases": "diseases-in-full", "treatments": "doses", "care": "access", "allergies": "allergies",
    "immunisations": "immunisations", "panels": "panels-order-sets-lost-results",
    "order_sets": "panels-order-sets-lost-results", "follow_up": "access",
    "procedures": "procedures-referrals", "pathways": "pathways", "care_plans": "care-plans",
    "constraints": "what-must-never-be", "expect": "expectations-and-targets",
    "targets": "expectations-and-targets",
}  # fmt: skip

_SIMPLE = {
    "integer": "whole number", "quantity": "duration", "value": "expression or table", "draw": "shares",
    "statement": "statistic", "changes": "a piece of a scenario",
}  # fmt: skip


def reference() -> str:
    """The page, as Markdown."""
    outline = _Outline()
    parts = [INTRODUCTION, _contents(outline), _kinds()]
    for place in outline.places:
        if place.block not in outline.shared:
            parts.append(_section(place, outline))
    parts.append(
        "## Shared blocks\n\nThese stand in many places; each says where.\n" if outline.shared else ""
    )
    parts += [_section(place, outline) for place in outline.shared.values()]
    parts += [_codes(), _statistics(), _stage()]
    return "\n".join(parts)


@dataclass(slots=True)
class _Place:
    """Where a block is first met; `others` are the other places it may stand at."""

    block: type[model.Block]
    path: str
    heading: str
    level: int
    others: list[str] = field(default_factory=list)


class _Outline:
    """The sections of the page in the order of the model, depth first; shared blocks apart."""

    def __init__(self) -> None:
        paths: dict[type[model.Block], list[str]] = defaultdict(list)
        parents: dict[type[model.Block], set[type[model.Block]]] = defaultdict(set)
        for block, parent, path in _walk(model.Scenario, "", ()):
            parents[block].add(parent)
            if path not in paths[block]:
                paths[block].append(path)
        self.places: list[_Place] = [_Place(model.Scenario, "", "The whole file", 2)]
        self.shared: dict[type[model.Block], _Place] = {}
        for block in block_names():
            if block is model.Scenario:
                continue
            first, *others = paths[block]
            if len(parents[block]) > 1 or block in (model.Table, model.Hazard, model.Gompertz):
                heading = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", block.__name__).capitalize()
                place = _Place(block, first, heading, 3, paths[block])
                self.shared[block] = place
            else:
                place = _Place(block, first, f"`{first}`", 2 if "." not in _bare(first) else 3, others)
            self.places.append(place)
        self.anchors = {place.block: anchor(place.heading) for place in self.places}


def _bare(path: str) -> str:
    return path.replace(".NAME", "").replace("[]", "")


def _walk(
    block: type[model.Block], path: str, above: tuple[type[model.Block], ...]
) -> Iterator[tuple[type[model.Block], type[model.Block], str]]:
    """Every block below, with its parent and its path; blocks inside themselves are not followed."""
    for key in keys_of(block).values():
        here = f"{path}.{key.name}" if path else key.name
        for below in blocks_of(key.kind):
            place = here + _suffix(key.kind)
            yield below, block, place
            if below not in above and below is not block:
                yield from _walk(below, place, (*above, block))


def _suffix(kind: Kind) -> str:
    if kind.name == "mapping":
        return ".NAME"
    return "[]" if kind.name == "list" else ""


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# --- sections -----------------------------------------------------------------------------


def _contents(outline: _Outline) -> str:
    tops = [place for place in outline.places if place.level == 2 and place.block not in outline.shared]
    names = [f"[{place.heading}](#{anchor(place.heading)})" for place in tops]
    more = [
        f"[{title}](#{anchor(title)})"
        for title in ("Kinds of values", "Shared blocks", "Codes", "Statistics")
    ]
    return " · ".join([*names, *more]) + "\n"


def _kinds() -> str:
    rows = [(name, how, f"[language.md](language.md#{where})" if where else "") for name, how, where in KINDS]
    return "## Kinds of values\n\n" + _table(("kind", "is written", "more"), rows)


def _section(place: _Place, outline: _Outline) -> str:
    block = place.block
    lines = [f"{'#' * place.level} {place.heading}\n"]
    text = _TEXTS.get(block) or about(block)
    if text:
        lines.append(text + "\n")
    if place.others:
        where = "Stands at" if block in outline.shared else "Also at"
        shown = [f"`{path}`" for path in place.others[:6]]
        more = f" and {len(place.others) - 6} more places" if len(place.others) > 6 else ""
        lines.append(f"{where} {', '.join(shown)}{more}.\n")
    short = SHORTHAND.get(block)
    if short and "text alone" not in text:
        lines.append(f"A text alone is short for `{{{short}: …}}`.\n")
    rules = list(_rules(together(block)))
    if rules:
        lines.append(" ".join(rules) + "\n")
    rows = _TABLE_KEYS.get(block) or [_row(key, outline) for key in keys_of(block).values()]
    lines.append(_table(("key", "kind", "default", "meaning"), rows))
    lines.append(f"```yaml\n{examples()[block].text}```\n")
    top = _bare(place.path)
    if place.level == 2 and top in EXPLAINED:
        lines.append(f"More in [language.md](language.md#{EXPLAINED[top]}).\n")
    return "\n".join(lines)


def _rules(rules: Together) -> Iterator[str]:
    """Which keys go together, in sentences."""
    if rules.some_of in rules.exclusive and rules.some_of:
        yield f"Exactly one of {_listed(rules.some_of)} is given."
    elif rules.some_of:
        yield f"At least one of {_listed(rules.some_of)} is given."
    for group in rules.exclusive:
        if group != rules.some_of:
            yield f"At most one of {_listed(group)} is given."
    by_others: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for key, others in rules.only_with.items():
        by_others[others].append(key)
    for others, keys in by_others.items():
        verb = "needs" if len(keys) == 1 else "need"
        yield f"{_listed(keys)} {verb} {' or '.join(f'`{other}`' for other in others)}."


def _row(key: Key, outline: _Outline) -> tuple[str, str, str, str]:
    default = "**required**" if key.required else "" if key.default is None else f"`{key.default}`"
    meaning = key.doc
    if key.choices:
        missing = [choice for choice in key.choices if choice not in key.doc]
        meaning += f" (one of {_listed(key.choices)})" if missing else ""
    return f"`{key.name}`", kind_in_words(key, key.kind, outline.anchors), default, meaning


def kind_in_words(key: Key, kind: Kind, anchors: dict[type[model.Block], str]) -> str:
    """What may stand under a key, with links to blocks."""
    if kind.block is not None:
        word = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.block.__name__).lower()
        return f"[{word}](#{anchors[kind.block]})"
    if kind.name == "list":
        assert kind.item is not None
        words = kind_in_words(key, kind.item, anchors)
        return f"list: {words}" if kind.item.block is not None else f"list of {words}s"
    if kind.name == "mapping":
        if key.form == "codes":
            return "[codes](#codes)"
        if key.form == "codes of states":
            return "states, each with [codes](#codes)"
        assert kind.item is not None
        what = {"states": "states", "categories": "categories", "statements": "[statistics](#statistics)"}
        return f"{what.get(key.form, 'names')}, each with {_article(kind_in_words(key, kind.item, anchors))}"
    if kind.name == "text":
        return "choice" if key.choices else key.form if key.form in ("unit", "name") else "text"
    return _SIMPLE.get(kind.name, kind.name)


def _article(words: str) -> str:
    return words if words.startswith("a ") else f"{'an' if words.lstrip('[')[0] in 'aeio' else 'a'} {words}"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(line.replace("|  |", "| |") for line in lines) + "\n"


# --- what is no block of keys in the model ---------------------------------------------------

_TABLE_ROWS = [
    ("`by`", "text, or list of texts", "**required**",
     "its axes: `age`, `sex`, `month`, `year`, `time since EVENT`, an attribute, a disease or symptom"),
    ("`table`", "rows", "",
     "the numbers, level by level in the order of the axes; ages as `0..39 years`, `80.. years`"),
    ("`csv`", "text", "", "instead: a file beside the scenario"),
    ("`columns`", "names", "", "with `csv`: which column holds what"),
    ("`source`", "text", "", "where the numbers are from"),
]  # fmt: skip
_TABLE_KEYS: dict[type[model.Block], list[tuple[str, str, str, str]]] = {
    model.Table: _TABLE_ROWS,
    model.Hazard: [
        ("`per`", "time unit", "", "the numbers are rates per this unit, e.g. `year`"),
        ("`probability_per`", "time unit", "", "instead: they are probabilities per this unit"),
        *_TABLE_ROWS,
    ],
}
_TEXTS: dict[type[model.Block], str] = {
    model.Table: "A step function: a number, or an expression, for every combination of its axes.",
    model.Hazard: "A hazard read from a table. Exactly one of `per` and `probability_per` is given.",
    model.Scenario: "A scenario is a mapping with these keys.",
}


def _codes() -> str:
    rows = [(f"`{key}`", system.title, f"`{system.example}`") for key, system in SYSTEMS.items()]
    words = "Codes are given by terminology. Their shapes are checked, not whether they exist.\n\n"
    return "## Codes\n\n" + words + _table(("key", "terminology", "example"), rows)


def _statistics() -> str:
    forms = "\n".join(f"- `{form}`" for _, form, _ in FORMS)
    return (
        "## Statistics\n\nA statistic in words is one of these, followed by any of `among CONDITION`, "
        "`at AGES`, `in YEARS`,\n`on DATE`, `in females`, `in males`; [targets.md](targets.md) defines each."
        "\n\n"
        f"{forms}\n"
    )


def _stage() -> str:
    return (
        "## The scenario of the examples\n\nWhat the examples of this page refer to without saying it "
        f"themselves. Its numbers are made up.\n\n```yaml\n{stage()}```\n"
    )
