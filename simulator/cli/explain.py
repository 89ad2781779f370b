"""`simulator explain DIR --patient ID [--event K | --why-not TREATMENT]`: why something happened, or not."""

from __future__ import annotations

import argparse
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from simulator.cli import console
from simulator.compiler.time_zones import zone_words

if TYPE_CHECKING:
    from simulator.authoring.explain_story import (
        Explanation,
        Happening,
        HazardNow,
        Link,
        Part,
        Person,
        Place,
        Story,
        WhyNot,
    )

WIDTH = 100  #: columns of running text
NAMED = 6  #: things recorded at a time that are named


def main(args: argparse.Namespace) -> int:
    from simulator import api

    dataset = api.open(args.dataset)
    out = console.stdout()
    if args.why_not is not None:
        answer = api.why_not(dataset, args.patient, args.why_not)
        console.print_json(plain(answer)) if args.json else show_why_not(answer, out)
        return 0
    found = api.explain(dataset, args.patient, args.event)
    if args.json:
        console.print_json(plain(found.story if found.story is not None else found))
    elif found.story is not None:
        show_story(found.person, found.story, out)
    else:
        show_table(found, out, args.dataset, every=args.all)
    return 0


def plain(record: Any) -> Any:
    """A record as plain lists, dicts, strings and numbers, instants in ISO form."""
    return _plain(asdict(record))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and value != value:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value


# --- the table of happenings ---------------------------------------------------------------


def show_table(found: Explanation, out: Console, dataset: str, *, every: bool = False) -> None:
    """Print every happening that left a trace, with a reason; the usual ones drawn together."""
    _show_person(found.person, out)
    table = _grid("#", "date", "age", "what happened", "why", right=("#",))
    usual: list[Happening] = []
    for each in found.happenings:
        if not each.visible:
            continue
        if each.usual and not every:
            usual.append(each)
            continue
        _draw_together(table, usual)
        _row(table, each)
    _draw_together(table, usual)
    out.print(table)
    patient = found.person.patient
    command = f"simulator explain {dataset} --patient {patient} --event #"
    out.print(f"\n[dim]the whole story of one: {escape(command)}[/dim]")
    if not every:
        out.print("[dim]what is usual in this life is drawn together; --all shows everything[/dim]")


def _row(table: Table, each: Happening) -> None:
    style = "magenta" if each.true else ""
    cells = (str(each.number), f"{each.time:%Y-%m-%d}", each.age, what_words(each), each.because)
    table.add_row(*(escape(cell) for cell in cells), style=style)


def _draw_together(table: Table, usual: list[Happening]) -> None:
    if len(usual) == 1:
        _row(table, usual[0])
    elif usual:
        first, last = usual[0], usual[-1]
        words = f"{len(usual)} usual events, #{first.number} to #{last.number}"
        table.add_row("…", f"{first.time:%Y-%m-%d}", first.age, words, "", style="dim")
    usual.clear()


def what_words(each: Happening) -> str:
    """What happened, or what was recorded."""
    named = [each.title] if each.true else []
    named += each.recorded[:NAMED]
    more = len(each.recorded) - NAMED
    named += [f"{more} more"] if more > 0 else []
    if len(each.results) == 1:
        named.append(each.results[0])
    elif each.results:
        named.append(f"{len(each.results)} results")
    return "; ".join(named)


# --- one story -----------------------------------------------------------------------------


def show_story(person: Person, story: Story, out: Console) -> None:
    """Print why one happening came about, and the chain of causes back to birth."""
    _show_person(person, out)
    happening, reason = story.happening, story.reason
    out.print(
        f"[bold]#{happening.number}  {escape(happening.title)}[/bold]  "
        f"{happening.time:%Y-%m-%d %H:%M}, aged {happening.age}"
    )
    if happening.before != happening.after:
        out.print(f"    {escape(happening.process)}: {escape(happening.before)} → {escape(happening.after)}")
    for line in (*happening.recorded, *happening.results):
        out.print(f"    recorded: {escape(line)}")
    out.print("\n[bold]Why[/bold]")
    for sentence in reason.sentences:
        _paragraph(sentence, out)
    if reason.hazard is not None:
        _show_hazard(reason.hazard, out)
    if reason.parts:
        title = "Possible only while" if reason.hazard is not None else "The condition, part by part"
        _show_parts(reason.parts, out, title)
    if len(story.chain) > 1:
        _show_chain(story.chain, out)
    _show_place(reason.place, out)


def _show_hazard(hazard: HazardNow, out: Console) -> None:
    out.print("\n[bold]The hazard at that moment[/bold]")
    table = _grid("", "", "because", right=("",))
    about = f"   [{hazard.base_value}]" if hazard.base_value else ""
    table.add_row(f"{hazard.base_per_year:.4g}", "per year", escape(f"base: {hazard.base}{about}"))
    for each in hazard.factors:
        words = each.by + (f" while {each.while_}" if each.while_ else "")
        about = f"   [{each.value}]" if each.value else ""
        if each.treatment:
            words = f"effect of {each.treatment}: {words}"
        if each.applies:
            table.add_row(f"× {each.factor:.4g}", "", escape(f"{words}{about}"))
        else:
            table.add_row("× 1", "", escape(f"{words}: did not hold{about}"), style="dim")
    table.add_row(f"= {hazard.per_year:.4g}", "per year", "", style="bold")
    out.print(table)
    if len(hazard.course) > 1:
        out.print("\n[bold]How it came to that[/bold]")
        course = _grid("from", "per year", "changed by", right=("per year",))
        for time, rate, by in hazard.course:
            course.add_row(f"{time:%Y-%m-%d}", f"{rate:.4g}", f"#{by}" if by else "time")
        out.print(course)


def _show_parts(parts: tuple[Part, ...], out: Console, title: str) -> None:
    out.print(f"\n[bold]{title}[/bold]")
    table = _grid("", "part", "then")
    for part in parts:
        mark = "✓" if part.holds else "✗"
        turned = "   ← this changed" if part.turned else ""
        since = f"   since #{part.since}" if part.since else ""
        text = f"{'   ' * part.depth}{'or ' if part.depth else ''}{part.text}"
        table.add_row(
            mark, escape(text), escape(f"{part.value}{since}{turned}"), style="" if part.holds else "dim"
        )
    out.print(table)


def _show_chain(chain: tuple[Link, ...], out: Console) -> None:
    out.print("\n[bold]The chain of causes[/bold]")
    table = _grid("#", "date", "age", "what", "why", right=("#",))
    for link in chain:
        each = link.happening
        cells = (str(each.number), f"{each.time:%Y-%m-%d}", each.age, each.title, each.because)
        table.add_row(*(escape(cell) for cell in cells))
        for other in link.also:
            words = f"   with #{other.number} {other.title} ({other.time:%Y-%m-%d})"
            table.add_row("", "", "", escape(words), "", style="dim")
        if link.skipped:
            times = "time" if link.skipped == 1 else "times"
            table.add_row("", "", "", f"   and {link.skipped} {times} before", "", style="dim")
    out.print(table)


def _show_place(place: Place | None, out: Console) -> None:
    if place is None:
        return
    out.print("\n[bold]Written[/bold]")
    out.print(f"    {escape(str(place))}  {escape(place.path)}")
    if place.source:
        _paragraph(f"source: {place.source}", out)


# --- why not -------------------------------------------------------------------------------


def show_why_not(answer: WhyNot, out: Console) -> None:
    """Print which part of a treatment's rule stopped it, and when each part held."""
    _show_person(answer.person, out)
    out.print(f"[bold]{escape(answer.title)}[/bold]  ({escape(answer.treatment)})\n")
    for sentence in answer.verdict:
        _paragraph(sentence, out)
    out.print("\n[bold]What must hold before it may start[/bold]")
    table = _grid("rule", "part", "held", "at the end")
    for rule in answer.rules:
        held = spans_words(rule.held, answer.person)
        text = f"{'   ' * rule.depth}{'or ' if rule.depth else ''}{rule.text}"
        table.add_row(escape(rule.label), escape(text), held, escape(rule.value))
    table.add_row("all of it", "", spans_words(answer.together, answer.person), "", style="bold")
    out.print(table)
    if answer.happenings:
        out.print("\n[bold]What became of it[/bold]")
        steps = _grid("#", "date", "age", "what", "why", right=("#",))
        for each in answer.happenings:
            cells = (str(each.number), f"{each.time:%Y-%m-%d}", each.age, each.title, each.because)
            steps.add_row(*(escape(cell) for cell in cells))
        out.print(steps)
    _show_place(answer.rules[0].place if answer.rules else None, out)


def spans_words(spans: tuple[tuple[Any, Any], ...], person: Person, most: int = 3) -> str:
    """When something held: ``never``, ``from 2014-03-01 on``, or the latest spans."""
    end = person.death or person.until
    if not spans:
        return "never"
    words = [f"{a:%Y-%m-%d} on" if b >= end else f"{a:%Y-%m-%d} to {b:%Y-%m-%d}" for a, b in spans[-most:]]
    if spans == ((person.birth, spans[0][1]),) and spans[0][1] >= end:
        return "always"
    more = len(spans) - most
    return (f"{more} times, then " if more > 0 else "") + ", ".join(words)


# --- pieces --------------------------------------------------------------------------------


def _show_person(person: Person, out: Console) -> None:
    who = f"[bold]Patient {person.patient}[/bold] · {person.sex} · born {person.birth:%Y-%m-%d}"
    if person.death is not None:
        who += f" · died {person.death:%Y-%m-%d}"
    zone = "" if person.time_zone == "UTC" else f"; {zone_words(person.time_zone)}"
    out.print(f"{who} · {escape(person.scenario)}{zone}\n")


def _paragraph(text: str, out: Console) -> None:
    for line in textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="    "):
        out.print(escape(line))


def _grid(*columns: str, right: tuple[str, ...] = ()) -> Table:
    table = Table(
        box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0), show_header=any(columns)
    )
    for i, column in enumerate(columns):
        to_right = column in right and (column != "" or i == 0)
        fixed = column in ("date", "#", "age", "from")
        table.add_column(column, justify="right" if to_right else "left", overflow="fold", no_wrap=fixed)
    return table
