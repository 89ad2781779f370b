"""The command line as a parser: every command, its arguments and options, and their help."""

from __future__ import annotations

import argparse
import sys
from difflib import get_close_matches
from typing import NoReturn

from simulator import __version__
from simulator.cli import values

BAD_INPUT = 2  #: exit code

EPILOG = """\
a first walk:
  simulator check scenarios/demo.yaml
  simulator run scenarios/demo.yaml --out out/demo
  simulator summary out/demo
  simulator patient out/demo 1
"""


class Parser(argparse.ArgumentParser):
    """No abbreviated options; a misspelt command is told its nearest name."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(allow_abbrev=False, **kwargs)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction) and "invalid choice" in message:
                typed = message.split("invalid choice: ")[1].split("'")[1]
                message = f"there is no command '{typed}'"
                near = get_close_matches(typed, action.choices, n=1)
                if near:
                    message += f"; did you mean '{near[0]}'?"
        sys.stderr.write(f"{self.prog}: {message}\n  see: {self.prog} --help\n")
        raise SystemExit(BAD_INPUT)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line as a parser; `args.command` names the module that serves it."""
    parser = Parser(
        prog="simulator",
        description="Simulate patient populations: disease models in YAML in, synthetic EHR event logs out.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"simulator {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_new(commands)
    _add_check(commands)
    _add_run(commands)
    _add_describe(commands)
    _add_graph(commands)
    _add_schema(commands)
    _add_preview(commands)
    _add_diff(commands)
    _add_migrate(commands)
    _add_patient(commands)
    _add_explain(commands)
    _add_summary(commands)
    _add_regenerate(commands)
    _add_verify(commands)
    _add_test(commands)
    return parser


Commands = argparse._SubParsersAction  # the type argparse gives, under a name that can be read


def _command(commands: Commands[Parser], name: str, help_: str, description: str) -> Parser:
    parser = commands.add_parser(name, help=help_, description=description)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an unexpected fault")
    return parser


def _add_new(commands: Commands[Parser]) -> None:
    parser = _command(
        commands,
        "new",
        "write a commented file to start from",
        "Write a file to start from: commented, valid, ready to run. A scenario runs as it is; a disease, "
        "treatment, care or pathway is a library that scenarios `use:`. Nothing is overwritten.",
    )
    parser.add_argument(
        "kind",
        choices=("disease", "treatment", "care", "pathway", "scenario"),
        metavar="KIND",
        help="disease, treatment, care, pathway or scenario",
    )
    parser.add_argument("name", metavar="NAME", help="its name, e.g. gout; of a scenario, e.g. gout-study")
    parser.add_argument("--out", metavar="FILE", help="file to write (default: NAME.yaml)")


def _add_check(commands: Commands[Parser]) -> None:
    parser = _command(
        commands,
        "check",
        "say everything that is wrong with scenarios",
        "Read scenarios and say everything that is wrong with them, with file, line and column. "
        "Exit code: 0 fine (warnings do not count), 1 errors found, 2 a file cannot be read.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="scenario (YAML)")
    parser.add_argument(
        "--library",
        action="store_true",
        help="for files that others use and that are not whole in themselves: what they leave to others is "
        "listed, and is no error",
    )
    add_settings(parser)
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def _add_drawing(parser: Parser) -> None:
    """The options that decide what is drawn; `run` and `regenerate` must agree on them."""
    parser.add_argument(
        "--size",
        type=values.count,
        metavar="N",
        help="patients, e.g. 10_000 or 100k (default: the scenario's)",
    )
    parser.add_argument(
        "--seed", type=values.seed, default=0, metavar="S", help="seed, 0 to 2^64-1 (default: 0)"
    )
    parser.add_argument(
        "--step",
        metavar="DURATION",
        help="window in which what patients pass to one another is held constant, e.g. '1 week' or '1 month'",
    )
    parser.add_argument(
        "--workers", type=values.count, metavar="W", help="processes or threads (default: one per processor)"
    )
    add_settings(parser, arm=True)


def add_settings(parser: Parser, *, arm: bool = False) -> None:
    """The options that choose among what a scenario offers: values of its parameters, and its arm."""
    parser.add_argument(
        "--set",
        type=values.setting,
        action=values.Once,
        metavar="NAME=VALUE",
        help="value of a parameter, e.g. uptake=50%% or onset_rate=0.03/year; may be given several times",
    )
    if arm:
        parser.add_argument("--arm", metavar="NAME", help="arm of the scenario (default: base)")


def _add_run(commands: Commands[Parser]) -> None:
    parser = _command(
        commands,
        "run",
        "simulate a population and write its records",
        "Simulate a population and write its records as a MEDS dataset. The same file, size, seed and step "
        "give the same bytes, whatever the number of workers. Interrupted, it leaves nothing behind.",
    )
    parser.add_argument("file", metavar="FILE", help="scenario (YAML)")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder to write; must not exist yet")
    _add_drawing(parser)
    parser.add_argument(
        "--arms", action="store_true", help="run all arms, with the same patients: DIR/base, DIR/…"
    )
    parser.add_argument(
        "--sweep",
        type=values.sweep,
        action=values.Once,
        metavar="NAME=VALUE,VALUE,…",
        help="run once for each value of a parameter: DIR/NAME=VALUE, …; given several times, for every "
        "combination",
    )
    parser.add_argument("--force", action="store_true", help="replace DIR if it holds a dataset")
    parser.add_argument("--json", action="store_true", help="print what was written as JSON")


def _add_describe(commands: Commands[Parser]) -> None:
    parser = _command(
        commands,
        "describe",
        "say in words and tables what is in a scenario",
        "Say what is in a scenario: population, diseases, measurements, treatments, care, sources.",
    )
    parser.add_argument("file", metavar="FILE", help="scenario (YAML)")
    add_settings(parser, arm=True)
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def _add_graph(commands: Commands[Parser]) -> None:
    parser = _command(
        commands,
        "graph",
        "draw diseases, and who acts on whom",
        "Draw each disease as a state diagram, and who acts on whom. Without --out the drawing goes to "
        "stdout: one as Mermaid, several as a Markdown page of Mermaid, which GitHub and most editors show "
        "as pictures.",
    )
    parser.add_argument("file", metavar="FILE", help="scenario (YAML)")
    parser.add_argument(
        "--disease", metavar="NAME", help="only this disease; with --influences, only what touches it"
    )
    parser.add_argument("--influences", action="store_true", help="only who acts on whom")
    parser.add_argument(
        "--format",
        choices=("mermaid", "markdown", "dot", "svg", "html"),
        help="default: what --out ends in, else mermaid; svg and html need Graphviz",
    )
    parser.add_argument("--out", metavar="FILE", help="file to write: .md .mmd .dot .svg .html")
    parser.add_argument("--force", action="store_true", help="replace FILE if it exists")


def _add_schema(commands: Commands[Parser]) -> None:
    parser = _command(
        commands,
        "schema",
        "print the language as a JSON Schema, for editors",
        "Print the language as a JSON Schema (draft-07), with which an editor completes, explains and checks "
        "scenarios while they are written; docs/editors.md says how to set it up.",
    )
    parser.add_argument(
        "--library",
        action="store_true",
        help="for files that others use and that are not whole in themselves: nothing counts as missing",
    )
    parser.add_argument(
        "--reference", action="store_true", help="print the language reference (Markdown) instead"
    )
    parser.add_argument("--out", metavar="FILE", help="file to write")
    parser.add_argument("--force", action="store_true", help="replace FILE if it exists")


def _add_preview(commands: Commands[Parser]) -> None:
    parser = _command(
        commands,
        "preview",
        "run a small population and show what comes of it",
        "Run a small population in memory and show what comes of it: ages, prevalence and incidence, states, "
        "survival, delays, measurements, encounters, treatments, sample patients. In short on the terminal, "
        "with --out as a page for a browser.",
    )
    parser.add_argument("file", metavar="FILE", help="scenario (YAML)")
    parser.add_argument("--out", metavar="FILE.html", help="write the page; needs no network and no script")
    parser.add_argument("--force", action="store_true", help="replace FILE.html if it exists")
    parser.add_argument(
        "--size", type=values.count, default=2_000, metavar="N", help="patients (default: 2000)"
    )
    parser.add_argument(
        "--seed", type=values.seed, default=0, metavar="S", help="seed, 0 to 2^64-1 (default: 0)"
    )
    parser.add_argument(
        "--workers", type=values.count, metavar="W", help="threads (default: one per processor)"
    )
    add_settings(parser, arm=True)
    parser.add_argument("--json", action="store_true", help="print the main numbers as JSON")


def _add_diff(commands: Commands[Parser]) -> None:
    parser = _command(
        commands,
        "diff",
        "say what changed between two scenarios, and for whom",
        "Say what changed clinically between two scenarios, arms or datasets, run both with the same seed, "
        "and say whose history is different and why. Layout, comments and which file something stands in do "
        "not count. Exit code: 0 the same, 1 different, 2 bad input.",
    )
    parser.add_argument("file", metavar="A", help="scenario (YAML), or dataset")
    parser.add_argument(
        "other", metavar="B", nargs="?", help="another (default: A, changed by --arm and --set)"
    )
    parser.add_argument(
        "--arm",
        action="append",
        metavar="NAME",
        help="without B: this arm of A against A as it is; twice: one arm against another; with B: of both",
    )
    add_settings(parser)
    parser.add_argument(
        "--size", type=values.count, metavar="N", help="patients to run of each (default: 300)"
    )
    parser.add_argument(
        "--seed", type=values.seed, default=0, metavar="S", help="seed, 0 to 2^64-1 (default: 0)"
    )
    parser.add_argument(
        "--workers", type=values.count, metavar="W", help="threads (default: one per processor)"
    )
    parser.add_argument("--no-run", action="store_true", help="only say what changed")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def _add_migrate(commands: Commands[Parser]) -> None:
    parser = _command(
        commands,
        "migrate",
        "bring scenario files of an older format to this one",
        "Bring scenario files of an older format of the language to this one. Comments, order and everything "
        "that needs no change stay as they are. Shows what would change; writes with --in-place or --out. "
        "Exit code: 0 done or nothing to do, 1 shown but not written, 2 bad input.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="scenario (YAML)")
    parser.add_argument("--to", type=int, metavar="N", help="format wanted (default: the newest)")
    parser.add_argument(
        "--from",
        type=int,
        dest="since",
        metavar="N",
        help="format of files that do not say it, or say it wrongly",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--in-place", action="store_true", help="write FILE; as it was: FILE.bak")
    where.add_argument("--out", metavar="FILE", help="write a new file")


def _add_patient(commands: Commands[Parser]) -> None:
    parser = _command(
        commands,
        "patient",
        "show one patient's life, truth and record side by side",
        "Show one patient's life as a timeline: what was true beside what was recorded.",
    )
    parser.add_argument("dataset", metavar="DIR", help="dataset that `run` wrote")
    parser.add_argument("patient", type=values.count, metavar="ID", help="subject_id, from 1")
    parser.add_argument(
        "--all", action="store_true", help="show every visit, even those where nothing changed"
    )
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def _add_explain(commands: Commands[Parser]) -> None:
    parser = _command(
        commands,
        "explain",
        "say why something happened to a patient, or why not",
        "Say why something happened to a patient: what fired, at which hazard and by what luck, or which "
        "rule allowed it, and the chain of causes back to birth. The patient is lived again for it.",
    )
    parser.add_argument("dataset", metavar="DIR", help="dataset that `run` wrote")
    parser.add_argument(
        "--patient", required=True, type=values.count, metavar="ID", help="subject_id, from 1"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--event", type=values.count, metavar="K", help="the whole story of one (default: a table of all)"
    )
    what.add_argument(
        "--why-not", metavar="TREATMENT", help="which part of its rule kept a treatment from the patient"
    )
    parser.add_argument("--all", action="store_true", help="show what is usual in this life, too")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def _add_summary(commands: Commands[Parser]) -> None:
    parser = _command(
        commands,
        "summary",
        "count what is in a dataset",
        "Count what is in a dataset: events, encounters, diagnoses by age, causes of death.",
    )
    parser.add_argument("dataset", metavar="DIR", help="dataset that `run` wrote")
    parser.add_argument(
        "--top", type=values.count, default=12, metavar="K", help="rows per table (default: 12)"
    )
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def _add_regenerate(commands: Commands[Parser]) -> None:
    parser = _command(
        commands,
        "regenerate",
        "simulate one patient alone, equal to that patient in the full run",
        "Simulate one patient alone. With the same size, seed and step it is the patient of the full run.",
    )
    parser.add_argument("file", metavar="FILE", help="scenario (YAML)")
    parser.add_argument(
        "--patient", required=True, type=values.count, metavar="ID", help="subject_id, from 1"
    )
    _add_drawing(parser)
    parser.add_argument(
        "--format", choices=("table", "json", "jsonl"), default="table", help="how to print (default: table)"
    )
    parser.add_argument(
        "--json", action="store_const", const="json", dest="format", help="same as --format json"
    )


def _add_verify(commands: Commands[Parser]) -> None:
    parser = _command(
        commands,
        "verify",
        "check that a dataset is whole and free of contradictions",
        "Check a dataset against invariants that hold in any hospital's records, with a program that "
        "shares no code with the simulation. Exit code: 0 nothing found, 1 violations, 2 no dataset.",
    )
    parser.add_argument("dataset", metavar="DIR", help="dataset that `run` wrote")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def _add_test(commands: Commands[Parser]) -> None:
    parser = _command(
        commands,
        "test",
        "hold a scenario against its expectations and published targets",
        "Simulate a scenario and hold what comes out against its `expect:` and `targets:`, each with a "
        "95% interval. Exit code: 0 none fails, 1 one fails (with --strict: or cannot be told), 2 bad input.",
    )
    parser.add_argument("file", metavar="FILE", help="scenario (YAML) with `expect:` or `targets:`")
    parser.add_argument(
        "--dataset", metavar="DIR", help="judge this dataset of the scenario, instead of a new run"
    )
    _add_drawing(parser)
    parser.add_argument("--strict", action="store_true", help="count as failed what cannot be told")
    parser.add_argument("--json", action="store_true", help="print the outcomes as JSON")
