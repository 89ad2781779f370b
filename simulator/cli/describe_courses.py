"""Courses of care in words: procedures, pathways, stays, care plans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console

from simulator.cli import console
from simulator.scenario import model
from simulator.scenario.expression_text import format_expression as words
from simulator.scenario.model_courses import Choice, Pathway, Repeat, Stay, Step
from simulator.scenario.syntax import Expr
from simulator.scenario.wording import codes_words, trigger_words, value_words


def describe_courses(scenario: model.Scenario, out: Console) -> None:
    """Print the procedures, pathways, stays and care plans of a scenario."""
    rows = [
        (name, block.title or "", codes_words(block.codes), "\n".join(_procedure(block)))
        for name, block in scenario.procedures.items()
    ]
    if rows:
        console.show_table(
            out, "Procedures", ("name", "title", "codes", "finds, complications"), rows, spaced=True
        )
    for name, block in scenario.care.items():
        if block.stay is not None:
            console.show_table(out, f"Stay {name}", ("", ""), list(_stay(block.stay)))
    for name, pathway in scenario.pathways.items():
        title = f"Pathway {name}: {pathway.title or name}"
        console.show_table(out, title, ("", "step"), list(_pathway(pathway)))
    plans = [
        (
            name,
            f"for {words(plan.for_)}" + (f"\nat {', '.join(plan.at)}" if plan.at else ""),
            "\n".join(plan.activities),
            "\n".join(f"{key}: {words(goal)}" for key, goal in plan.goals.items()),
            trigger_words(plan.until) if plan.until is not None else "",
        )
        for name, plan in scenario.care_plans.items()
    ]
    if plans:
        console.show_table(
            out, "Care plans", ("name", "whom", "activities", "goals", "until"), plans, spaced=True
        )


def _procedure(block: model.Procedure) -> Iterator[str]:
    for name, found in block.finds.items():
        seen = f" {value_words(found.probability)}" if found.probability is not None else ""
        yield f"finds {name}{seen}" + (f" if {words(found.if_)}" if found.if_ is not None else "")
    for name, bad in block.complications.items():
        after = f" after {words(bad.after)}" if bad.after is not None else ""
        fatal = f", fatal in {value_words(bad.fatal)}" if bad.fatal is not None else ""
        yield f"{name} {value_words(bad.probability)}{after}{fatal}"


def _stay(stay: Stay) -> Iterator[tuple[str, str]]:
    yield "units", ", ".join(stay.units)
    if stay.begins:
        yield "begins", ", ".join(f"{unit} {value_words(share)}" for unit, share in stay.begins.items())
    for arrow in stay.course:
        yield f"{arrow.from_} -> {arrow.to}", trigger_words(arrow.trigger)
    for unit, trigger in stay.death.items():
        yield f"death in {unit}", trigger_words(trigger)
    if stay.discharge:
        yield "discharge", ", ".join(f"{to} {value_words(share)}" for to, share in stay.discharge.items())
    for each in stay.rounds:
        done = [m.measure for m in each.measures] + list(each.orders) + [d.do for d in each.does]
        where = f" in {', '.join(each.in_)}" if each.in_ else ""
        every = words(each.every) if each.every is not None else "1 day"
        yield f"every {every}{where}", ", ".join(done)


def _pathway(pathway: Pathway) -> Iterator[tuple[str, str]]:
    start = pathway.start
    if start is not None:
        when = [f"when {words(start.when)}"] if start.when is not None else []
        when += [f"on {', '.join(words(e) for e in start.on)}"] if start.on else []
        when += _given(("if", start.if_), ("delay", start.delay), ("after", start.after))
        when += [f"uptake {value_words(start.uptake)}"] if start.uptake is not None else []
        yield "start", " ".join(when + _given(("again after", pathway.again)))
    if pathway.repeat is not None:
        yield "repeat", _rounds(pathway.repeat)
    yield from _steps(pathway.steps, "")
    for trigger in pathway.stop:
        yield "stop", trigger_words(trigger)
    if pathway.when_lost is not None:
        yield "when lost", pathway.when_lost.replace("_", " ")


def _given(*parts: tuple[str, Expr | None]) -> list[str]:
    return [f"{word} {words(value)}" for word, value in parts if value is not None]


def _rounds(repeat: Repeat) -> str:
    return " ".join(_given(("", repeat.times), ("every", repeat.every), ("until", repeat.until))).strip()


def _steps(steps: Sequence[Step], number: str) -> Iterator[tuple[str, str]]:
    """Numbered lines, those inside others below them."""
    for i, step in enumerate(steps, start=1):
        here = f"{number}{i}"
        yield here, _step(step) + (f"  ({step.name})" if step.name else "")
        yield from _steps(step.then, f"{here}.")
        if step.else_:
            yield here, "else"
            yield from _steps(step.else_, f"{here}.")
        for k, choice in enumerate(step.choose, start=1):
            yield f"{here}.{k}", _way(choice)
            yield from _steps(choice.then or choice.else_, f"{here}.{k}.")
        yield from _steps(step.steps, f"{here}.")
        if step.otherwise:
            yield here, "otherwise"
            yield from _steps(step.otherwise, f"{here}.")


def _way(choice: Choice) -> str:
    """Who goes one of several ways."""
    if choice.share is not None:
        return value_words(choice.share)
    return "else" if choice.if_ is None else f"if {words(choice.if_)}"


def _step(step: Step) -> str:
    given = [each.treatment + (f" {words(each.dose)}" if each.dose is not None else "") for each in step.give]
    texts = {
        "give": ", ".join(given),
        "do": ", ".join(each.do for each in step.do),
        "choose": ("by chance" if any(c.share is not None for c in step.choose) else "one way")
        if step.choose
        else "",
        "give one of": ", ".join(f"{k} {value_words(v)}" for k, v in step.give_one_of.items()),
        "start one of": ", ".join(f"{k} {value_words(v)}" for k, v in step.start_one_of.items()),
        "switch to": ", ".join(f"{k} {value_words(v)}" for k, v in step.switch_to.items()),
        "may be followed by": ", ".join(f"{k} {value_words(v)}" for k, v in step.may_follow.items()),
        "record": codes_words(step.record),
        "refer to": step.refer.to if step.refer is not None else "",
        "repeat": _rounds(step.repeat) if step.repeat is not None else "",
    }
    for word in ("visit", "start", "stop", "follow", "note", "end"):
        texts[word] = getattr(step, word) or ""
    parts = ["end" if text == "end" else f"{word} {text}" for word, text in texts.items() if text]
    parts += _given(("if", step.if_), ("wait", step.wait), ("wait until", step.wait_until))
    parts += _given(("wait for", step.wait_for))
    parts += _given(("postpone", step.postpone), ("at most", step.at_most), ("after", step.after))
    parts += [f"(ends {step.ends.replace('_', ' ')})"] if step.ends is not None else []
    more = [each.measure for each in step.measures] + list(step.orders)
    return " ".join(parts) + (f" with {', '.join(more)}" if more else "")
