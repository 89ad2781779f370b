"""`simulator summary`: counts that can be checked by hand, and life expectancy with a closed form."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from simulator.cli import main as cli
from simulator.cli.statistics import life_expectancy


def test_counts(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["summary", str(dataset), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["scenario"] == "by-hand"
    assert found["seed"] == 7
    assert (found["patients"], found["deaths"]) == (3, 1)
    # 2000-06-15 to 2005-07-09, 2000-01-01 and 2000-02-29 to 2010-01-01
    days = 1850 + 3653 + 3594
    assert found["person_years"] == pytest.approx(days / 365.2425, abs=1e-3)
    assert {k: found["rows"][k] for k in ("events", "subjects", "encounters", "truth")} == {
        "events": 16,
        "subjects": 3,
        "encounters": 6,
        "truth": 3,
    }
    assert found["events_by_kind"] == {
        "encounter": 6, "event": 4, "diagnosis": 2, "measurement": 2, "static": 1, "treatment": 1,
    }  # fmt: skip
    assert found["top_codes"][0] == {
        "code": "ENCOUNTER//clinic",
        "title": "Clinic",
        "kind": "encounter",
        "count": 5,
    }
    assert found["encounters_by_class"] == {"ambulatory": 5, "inpatient": 1}
    assert found["deaths_by_cause"] == {"cf.death": 1}
    assert found["diagnosed"] == {"ICD10CM//E84.9": 2}
    # of the two who are alive, both under 18, one was diagnosed
    assert found["alive_by_age"] == {"0-17": 2, "18-39": 0, "40-59": 0, "60-79": 0, "80+": 0}
    assert found["prevalence_by_age"]["ICD10CM//E84.9"]["0-17"] == 0.5
    assert found["life_expectancy_at_birth"] == {}
    assert found["bytes"] == sum(f.stat().st_size for f in dataset.rglob("*") if f.is_file())


def test_tables_for_people(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["summary", str(dataset), "--top", "1"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Three people · seed 7\n3 patients · 25 person-years · 16 events · ")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "Clinic ENCOUNTER//clinic encounter 5" in lines
    assert "Cystic fibrosis 2 50.0%" in lines
    assert "ambulatory 5 0.201" in lines
    assert "cf.death 1 100.0%" in lines
    assert not any(line.startswith("Ward") for line in lines)


def test_life_expectancy_under_a_constant_hazard() -> None:
    """Ages at death are exponential: expectancy is 1/hazard, here 50 years.

    Its standard error with 200,000 deaths is 50/sqrt(200,000) = 0.11 years; a shift of 1.2 would be seen.
    """
    rng = np.random.default_rng(1)
    ages = rng.exponential(50.0, 200_000)
    found = life_expectancy(np.zeros_like(ages), ages, np.ones(len(ages), dtype=bool))
    assert found == pytest.approx(50.0, abs=5 * 0.11)


def test_life_expectancy_needs_every_age_from_birth() -> None:
    entered = np.full(1_000, 20.0)
    assert life_expectancy(entered, entered + 60, np.ones(1_000, dtype=bool)) is None


def test_life_expectancy_with_late_entry_is_not_biased() -> None:
    """People who enter at a later age count from then on only.

    Exponential with mean 50, entry uniform on 0..80 (memoryless), observed for 60 years: 140,000
    deaths give a standard error of about 0.2 years; a shift of 2 years would be seen.
    """
    rng = np.random.default_rng(2)
    entered = rng.uniform(0, 80, 200_000)
    died_at = entered + rng.exponential(50.0, 200_000)
    left = np.minimum(died_at, entered + 60)
    found = life_expectancy(entered, left, died_at <= entered + 60)
    assert found == pytest.approx(50.0, abs=1.0)
