"""`simulator summary DIR`: what is in a dataset, counted."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from simulator.cli import console
from simulator.cli.console import thousands

if TYPE_CHECKING:
    from simulator.cli.statistics import Statistics


def main(args: argparse.Namespace) -> int:
    from simulator import api
    from simulator.cli import statistics

    dataset = api.open(args.dataset)
    counted = statistics.gather(dataset)
    if args.json:
        about = {"dataset": str(dataset.path), "digest": dataset.digest, **_origin(dataset.manifest)}
        console.print_json(about | statistics.plain(counted, args.top))
    else:
        show(counted, dataset.manifest, console.stdout(), top=args.top)
    return 0


def _origin(manifest: dict[str, Any]) -> dict[str, Any]:
    provenance = manifest["provenance"]
    scenario = provenance.get("scenario", {})
    return {
        "scenario": scenario.get("id", ""),
        "title": scenario.get("title", ""),
        "seed": provenance.get("seed"),
        "size": provenance.get("size"),
    }


def show(counted: Statistics, manifest: dict[str, Any], out: Console, *, top: int) -> None:
    """Print the tables."""
    origin = _origin(manifest)
    out.print(f"[bold]{escape(origin['title'] or origin['scenario'])}[/bold] · seed {origin['seed']}")
    years = counted.person_years
    out.print(
        f"{thousands(counted.patients)} patients · {thousands(years)} person-years · "
        f"{thousands(counted.rows['events'])} events · {console.size(counted.bytes)}"
    )
    if counted.life_expectancy:
        spans = ", ".join(f"{sex} {span:.1f}" for sex, span in counted.life_expectancy.items())
        out.print(f"life expectancy at birth, from deaths in the record: {spans} years")
    out.print()
    if not counted.rows["events"]:
        return
    _show_kinds(counted, out)
    _show_codes(counted, out, top)
    _show_encounters(counted, out)
    _show_prevalence(counted, out, top)
    _show_causes(counted, out, top)


def _show_kinds(counted: Statistics, out: Console) -> None:
    total = sum(counted.kinds.values())
    rows = [(kind, thousands(n), f"{n / total:.1%}") for kind, n in counted.kinds.items()]
    console.show_table(out, "Events by kind", ("kind", "events", "share"), rows, right=("events", "share"))


def _show_codes(counted: Statistics, out: Console, top: int) -> None:
    rows = [
        (counted.titles.get(code, ""), code, counted.code_kinds.get(code, ""), thousands(n))
        for code, n in list(counted.codes.items())[:top]
    ]
    console.show_table(
        out, "Most frequent codes", ("title", "code", "kind", "events"), rows, right=("events",)
    )


def _show_encounters(counted: Statistics, out: Console) -> None:
    rows = [
        (class_, thousands(n), f"{n / counted.person_years:.3f}" if counted.person_years else "")
        for class_, n in counted.encounters.items()
    ]
    columns = ("class", "encounters", "per person-year")
    if rows:
        console.show_table(out, "Encounters", columns, rows, right=columns[1:])


def _show_prevalence(counted: Statistics, out: Console, top: int) -> None:
    from simulator.cli.statistics import BANDS

    labels = tuple(label for _, _, label in BANDS)
    ranked = sorted(counted.diagnosed.items(), key=lambda item: -item[1])[:top]
    rows = [
        (
            counted.titles.get(code) or code,
            thousands(n),
            *(
                f"{share:.1%}" if alive else ""
                for share, alive in zip(counted.prevalence[code], counted.alive, strict=True)
            ),
        )
        for code, n in ranked
    ]
    if rows:
        people = ("alive at the end", "", *(thousands(n) for n in counted.alive))
        title = "Diagnoses: people ever recorded, and their share of those alive at the end, by age"
        columns = ("diagnosis", "people", *labels)
        console.show_table(out, title, columns, [*rows, people], right=columns[1:])


def _show_causes(counted: Statistics, out: Console, top: int) -> None:
    rows = [
        (cause, thousands(n), f"{n / counted.deaths:.1%}") for cause, n in list(counted.causes.items())[:top]
    ]
    if rows:
        title = f"Deaths: {thousands(counted.deaths)}"
        if counted.person_years:
            title += f", {1000 * counted.deaths / counted.person_years:.2f} per 1,000 person-years"
        console.show_table(out, title, ("cause", "deaths", "share"), rows, right=("deaths", "share"))
