"""Characters that cannot be seen, that look like others, or that are no text: the findings name them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from simulator.cli.findings_view import _width, render_findings
from simulator.compiler import check_file
from simulator.errors import Finding, Span
from simulator.scenario.lookalikes import latin, strange
from simulator.scenario.nearest import nearest
from tests.fuzz.verdict import ROOT, assert_place, checked, registered

HEAD = (
    "id: hostile\nsource: x\n"
    "population: {size: 50, from: 2000-01-01, to: 2003-01-01, age: 0..80 years, source: x}\n"
)
ASTHMA = f"{HEAD}diseases:\n  asthma: {{onset: {{rate: 0.1 per year}}, states: [mild]}}\n"


def found(text: str) -> list[Finding]:
    reading, findings = checked(text, "hostile.yaml")
    for finding in findings.items:
        assert_place(finding, reading)
        assert finding.code in registered()
    return list(findings.sorted())


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def shown(data: bytes) -> str:
    """What `simulator check` says of a file with these bytes."""
    Path("hostile.yaml").write_bytes(data)
    return render_findings(check_file("hostile.yaml").items)


def piped(data: bytes, *arguments: str) -> str:
    """The same, by a process of its own that writes ASCII."""
    Path("hostile.yaml").write_bytes(data)
    ran = subprocess.run(
        [sys.executable, "-m", "simulator", "check", "hostile.yaml", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
    )
    assert ran.returncode == 1, ran.stderr
    return ran.stdout


#: what stands in a file, and words of the one finding
BYTES: dict[str, tuple[bytes, str]] = {
    "UTF-16": (ASTHMA.encode("utf-16"), "is UTF-16 text"),
    "UTF-16 without a mark": (ASTHMA.encode("utf-16-le"), "is UTF-16 text"),
    "UTF-16 the other way round": (ASTHMA.encode("utf-16-be"), "is UTF-16 text"),
    "UTF-32": (ASTHMA.encode("utf-32"), "is UTF-32 text"),
    "Windows-1252": (
        (ASTHMA + "title: Sjögren\n").encode("cp1252"),
        "line 6 holds the byte F6 (`ö` in Windows",
    ),
    "half a character": (ASTHMA.encode() + b"title: a\xe2\x82", "line 6 holds the byte E2"),
    "a surrogate": (
        (ASTHMA + "title: \ud800\n").encode("utf-8", "surrogatepass"),
        "line 6 holds the byte ED",
    ),
    "a spreadsheet": (b"PK\3\4" + bytes(range(256)), "is a ZIP file"),
    "gzip": (b"\x1f\x8b\x08" + bytes(range(256)), "is compressed"),
    "NUL": (ASTHMA.encode() + b"title: a\0b\n", "hostile.yaml:6:9: error E109: the character U+0000"),
    "a mark between two files": (ASTHMA.encode() + "\ufefftitle: x\n".encode(), "U+FEFF"),
    "a line turned round": ((ASTHMA + "title: \u202ex\n").encode(), "U+202E (RIGHT-TO-LEFT OVERRIDE)"),
    "a separator of lines": ((ASTHMA + "title: a\u2028b\n").encode(), "U+2028 (LINE SEPARATOR)"),
    "NEL": ((ASTHMA + "title: a\u0085b\n").encode(), "hostile.yaml:6:9: error E109: the character U+0085"),
    "a blank that is none": ((ASTHMA + "care:\n\u00a0 c: {}\n").encode(), "E106: the blank U+00A0 indents"),
    "a key without end": ((ASTHMA + "k" * 2000 + ": 1\n").encode(), "a key of more than 1,024 characters"),
}


@pytest.mark.parametrize("name", BYTES)
def test_what_is_no_text_is_named(name: str) -> None:
    data, words = BYTES[name]
    text = shown(data)
    assert words in text
    assert text.endswith("1 error\n")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_mark_move_nothing(end: str, mark: str) -> None:
    text = mark + f"{ASTHMA}titel: x\n".replace("\n", end)
    assert shown(text.encode()).startswith(
        "hostile.yaml:6:1: error E201: unknown key `titel`\n 6 | titel: x\n"
    )


#: a condition: the nearest word, and words of the remedy
WORDS: dict[str, tuple[str | None, str]] = {
    "аsthma": ("asthma", "U+0430 CYRILLIC SMALL LETTER A"),
    "asthmа": ("asthma", "U+0430 CYRILLIC SMALL LETTER A"),
    "ast\u200bhma": ("asthma", "U+200B ZERO WIDTH SPACE"),
    "ａsthma": ("asthma", "U+FF41 FULLWIDTH LATIN SMALL LETTER A"),
    "喘息": (None, "in the letters a to z"),
    "0.1 × 2 > age": ("*", ""),
    "age > ３ years": ("3", "U+FF13 FULLWIDTH DIGIT THREE"),
    "“asthma”": (None, "straight quotes"),
}


@pytest.mark.parametrize("word", WORDS)
def test_words_that_only_look_right(word: str) -> None:
    near, remedy = WORDS[word]
    text = f"{ASTHMA}  copd: {{onset: {{rate: 0.1 per year, while: {word}}}, states: [s]}}\n"
    (finding,) = found(text)
    assert (finding.code, finding.nearest) == ("E301", near)
    assert remedy in finding.remedy
    line = text.split("\n")[finding.span.line - 1]
    assert not line[finding.span.column - 1 : finding.span.end_column - 1].isascii()


def test_keys_and_names_that_only_look_right() -> None:
    (key,) = found(ASTHMA.replace("onset", "оnset"))
    assert (key.code, key.nearest) == ("E201", "onset")
    assert "U+043E CYRILLIC SMALL LETTER O" in key.remedy
    for form in ("NFC", "NFD"):
        (name,) = found(ASTHMA.replace("asthma", unicodedata.normalize(form, "ménière")))
        assert (name.code, name.nearest, name.remedy) == ("E208", "meniere", "")
    _, colon = found(ASTHMA.replace("rate: ", "rate："))  # the first: there is no rate
    assert (colon.code, colon.remedy) == ("E113", "Write `rate: 0.1 per year`.")
    (first,) = found(f"title： x\n{ASTHMA}")
    assert (first.code, first.message) == ("E101", "the full-width `：` is no `:`")


def test_letters_that_look_like_others() -> None:
    assert latin("Straße, Ménière, ﬁbrosis") == "Strasse, Meniere, fibrosis"
    assert strange("Ménière") == strange("喘息") == strange("Бронхит") == ""
    assert nearest("оnsеt", ["onset", "events"]) == "onset"
    assert nearest("ménière", ("meniere", "asthma")) == "meniere"


#: what stands in front of a misspelt name
BEFORE = {
    "tabs": "title:\tx,\t",
    "wide": "title: 慢性閉塞性肺疾患, ",
    "combining": "title: Me\u0301nie\u0300re, ",
    "joined pictures": "title: 👩\u200d⚕\ufe0f x, ",
    "without width": "title: a\u200bb\u00adc, ",
    "Korean in parts": f"title: {unicodedata.normalize('NFD', '천식')}, ",
}


@pytest.mark.parametrize("columns", [40, 60, 100, None])
@pytest.mark.parametrize("name", BEFORE)
def test_the_caret_stands_under_the_character(name: str, columns: int | None) -> None:
    line = f"  copd: {{{BEFORE[name] * 3}onset: {{rate: 0.1 per year, while: astma}}, states: [s]}}"
    column = line.index("astma") + 1
    span = Span("hostile.yaml", 1, column, 1, column + 5)
    text = render_findings([Finding("E501", "x", span)], {"hostile.yaml": line}, columns=columns)
    _, source, carets, *_ = text.split("\n")
    assert carets.endswith("^^^^^")
    assert _width(source[: source.index("astma")]) == len(carets) - 5
    assert _width(source) <= (columns or 108)


def test_output_in_an_encoding_of_few_characters() -> None:
    data = ASTHMA.replace("asthma", "ménière").encode()
    assert "`m\\u00e9ni\\u00e8re` cannot be a name" in piped(data)
    (finding,) = json.loads(piped(data, "--json"))
    assert finding["message"] == "`ménière` cannot be a name"


def test_names_of_files_are_found_in_either_form_and_steer_no_terminal() -> None:
    Path(unicodedata.normalize("NFD", "ménage.yaml")).write_text("source: x\n")
    Path("lib.yaml").write_text("source: x\n")
    assert shown(f"{ASTHMA}use: [ménage]\n".encode()) == "no findings\n"
    assert "U+0456 CYRILLIC SMALL LETTER" in shown(f"{ASTHMA}use: [lіb]\n".encode())
    span = Span("a\x1b[31m\u202e.yaml", 1, 1, 1, 2)
    assert render_findings([Finding("E501", "x", span)]).startswith("a\ufffd[31m\ufffd.yaml:1:1: error")


def test_columns_of_a_csv_file() -> None:
    table = "{per: year, by: age, csv: rates.csv, columns: {age: age, value: décès}}"
    scenario = f"{HEAD}mortality: {{rate: {table}}}\n".encode()
    Path("rates.csv").write_text(f"age,{unicodedata.normalize('NFD', 'décès')}\n0,0.1\n", encoding="utf-8")
    assert "error" not in shown(scenario)
    Path("rates.csv").write_text("age,rаte\n0,0.1\n", encoding="utf-8")
    text = shown(scenario.replace("décès".encode(), b"rate"))
    assert "did you mean `rаte`?" in text
    assert "U+0430 CYRILLIC SMALL LETTER A" in text
    Path("rates.csv").write_text("age,décès\n0,0.1\n", encoding="utf-16")
    assert "E411: `rates.csv` is UTF-16 text" in shown(scenario)
