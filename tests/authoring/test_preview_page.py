"""The page: what stands in it, and that a browser draws it."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from simulator.authoring.preview.chart import nice_step, number, percent
from simulator.authoring.preview.figure import brief, duration_words, rate_words, share_words
from simulator.authoring.preview.intervals import rate, share
from simulator.authoring.preview.page import page_of
from tests.authoring.preview_case import SIZE, Case, case

VOID = {"meta", "path", "rect", "circle", "br", "i", "line", "polygon", "ellipse"}
SECTIONS = (
    "findings", "targets", "population", "diseases", "measurements", "treatments", "care", "lives", "sources",
)  # fmt: skip


class Page(HTMLParser):
    """Texts by the section they stand in; every tag closed; ids; figures."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.section = "head"
        self.text: dict[str, list[str]] = {}
        self.ids: list[str] = []
        self.links: list[str] = []
        self.figures: list[dict[str, str]] = []
        self.outside: list[str] = []
        self.classes: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v or "" for k, v in attrs}
        if tag not in VOID or tag == "i":
            self.open.append(tag)
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "section":
            self.section = given["id"]
        if tag == "figure":
            self.figures.append({"section": self.section, "title": "", "caption": "", "name": "", "text": ""})
        if tag == "svg" and "figure" in self.open:
            self.figures[-1]["name"] = given.get("aria-label", "")
        self.classes |= set(given.get("class", "").split())
        for key in ("src", "href", "xlink:href"):
            if key in given:
                (self.links if given[key].startswith("#") else self.outside).append(given[key])
        assert not any(k.startswith("on") for k in given), "a script in an attribute"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.handle_starttag(tag, attrs)
            self.open.pop()
        else:
            self.classes |= set(dict(attrs).get("class", "").split()) if dict(attrs).get("class") else set()

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID and tag != "i":
            return
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if not data.strip() or "style" in self.open:
            return
        self.text.setdefault(self.section, []).append(data.strip())
        if "figure" in self.open:
            where = {"h4": "title", "figcaption": "caption"}.get(self.open[-1], "text")
            self.figures[-1][where] += data + " "


@pytest.fixture(scope="module")
def run() -> Case:
    return case()


@pytest.fixture(scope="module")
def html(run: Case) -> str:
    return page_of(run.preview)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_it_needs_nothing_else(html: str, page: Page) -> None:
    assert page.open == []
    assert page.outside == []
    assert not re.search(r"<script|@import|url\(|<link|<img|<iframe", html)
    assert len(html.encode()) < 3_000_000
    assert "nan" not in re.sub(r"[A-Za-z]*nan[a-z]+|[a-z]+nan\b", "", html).lower()


def test_sections_and_links(page: Page) -> None:
    assert [i for i in page.ids if i in SECTIONS] == list(SECTIONS)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links} <= set(page.ids)


def test_what_the_author_wrote_is_text_and_no_markup(html: str, page: Page) -> None:
    assert "A lung disease & its <care>" in page.text["head"]
    assert "<title>A lung disease &amp; its &lt;care&gt; – preview</title>" in html


def test_numbers_in_the_text(run: Case, page: Page) -> None:
    head = " ".join(page.text["head"])
    assert f"{SIZE} simulated patients, 2000-01-01 to 2015-01-01, seed 5" in head
    lung = next(d for d in run.preview.diseases if d.name == "lung")
    diseases = " ".join(page.text["diseases"])
    assert f"{lung.people:,} had it under observation" in diseases
    assert share_words(lung.prevalence) in diseases
    assert f"{lung.onsets:,} onsets, {rate_words(lung.incidence)}" in diseases
    assert "None of the 300 patients had it while observed; try a larger --size." in diseases
    assert "diseases.lung made up for lungs" in " ".join(page.text["sources"])


def test_figures(run: Case, page: Page) -> None:
    titles = [f["title"].strip() for f in page.figures]
    for title in (
        "Age and sex", "Mortality by age", "Causes of death", "Prevalence by age",
        "Prevalence by calendar year", "Incidence by age", "Incidence by calendar year", "States by age",
        "States by calendar year", "Survival", "From onset to diagnosis", "How long it lasts", "Breath",
        "Inhaler", "Ambulatory", "Inpatient",
    ):  # fmt: skip
        assert title in titles, title
    assert sum(title.startswith("Patient ") for title in titles) == 5
    for figure in page.figures:
        assert figure["name"], figure["title"]
        if figure["section"] != "lives":
            assert "n = " in figure["caption"] or "Share of each" in figure["caption"], figure["title"]
    lung = next(d for d in run.preview.diseases if d.name == "lung")
    assert lung.survival is not None
    survival = next(f for f in page.figures if f["title"].strip() == "Survival")
    assert f"n = {lung.survival.subjects:,}, {lung.survival.events:,} deaths" in survival["caption"]
    assert f"{lung.survival.risk(5.0):,}" in survival["text"].split()
    # a pointer resting on a point is told the same number
    by_age = next(f for f in page.figures if f["title"].strip() == "Prevalence by age")
    band, estimate = next((b, e) for b, e in lung.prevalence_by_age if b.low == 60)
    assert f"true, age {band.label}: {share_words(estimate)}, n = {estimate.base:,.0f}" in by_age["text"]


def test_targets_in_the_table_and_in_the_figures(page: Page) -> None:
    table = " ".join(page.text["targets"])
    assert "prevalence of lung at 60..69 years pass" in table
    assert "10 to 90 %" in table
    assert "incidence of lung at 30..39 years fail" in table
    assert "at most 1 per 1,000 per year" in table
    told: dict[str, str] = {}
    for figure in page.figures:  # those of the lung disease come first
        told.setdefault(figure["title"].strip(), figure["text"])
    assert "prevalence of lung at 60..69 years: pass" in told["Prevalence by age"]
    assert "incidence of lung at 30..39 years: fail" in told["Incidence by age"]
    assert "median survival after lung.onset: pass" in told["Survival"]
    assert "prevalence of lung" not in told["Prevalence by calendar year"]  # not that among some only


def test_every_class_has_a_style(page: Page, html: str) -> None:
    style = html[html.index("<style>") : html.index("</style>")]
    own = {c for c in page.classes if c not in ("node", "edge", "graph", "cluster")}
    plain = {"tick", "calm", "warning", "measurements", "strong", "thin", "dots", "wide", "point", "name"}
    assert {c for c in own - plain if f".{c}" not in style} == set()


def test_the_same_preview_gives_the_same_page(run: Case, html: str) -> None:
    assert page_of(run.preview) == html


def test_words_for_numbers() -> None:
    assert share_words(share(30, 100)) == "30.0 % (21.9–39.6)"
    assert rate_words(rate(10, 1000.0)) == "10.0 (4.8–18.4) per 1,000 person-years"
    assert rate_words(rate(0, 0.0)) == "–"
    assert [duration_words(x) for x in (0.0005, 0.02, 0.5, 3.0)] == [
        "4.4 hours",
        "7.3 days",
        "6 months",
        "3 years",
    ]
    assert [brief(x) for x in (0, 0.00123, 4.894, 48.3, 1234.5)] == ["0", "0.0012", "4.9", "48.3", "1,234"]
    assert [nice_step(x) for x in (1.0, 87.0, 0.013)] == [0.2, 20.0, 0.005]
    assert (number(12000.0, 2000.0), percent(0.0025, 0.0025)) == ("12,000", "0.25 %")


def test_a_browser_draws_it(html: str, tmp_path: Path) -> None:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    image = pytest.importorskip("PIL.Image", reason="Pillow reads the screenshot")
    if browser is None:
        pytest.skip("no Chromium here")
    file, shot = tmp_path / "page.html", tmp_path / "page.png"
    file.write_text(html, encoding="utf-8")
    command = [
        browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1200,6000", "--enable-logging=stderr",
        f"--screenshot={shot}", file.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "CONSOLE" not in done.stderr  # a complaint of the page
    picture = image.open(shot).convert("RGB")
    assert picture.size == (1200, 6000)
    # paper in light or dark, and much that is not paper, in every quarter of the page
    paper = picture.getpixel((2, 2))
    for quarter in range(4):
        part = picture.crop((0, quarter * 1500, 1200, (quarter + 1) * 1500))
        colours = part.getcolors(1 << 24)
        ink = sum(n for n, colour in colours if colour != paper)
        assert 0.01 < ink / (1200 * 1500) < 0.9
        assert len(colours) > 50
