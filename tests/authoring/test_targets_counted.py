"""Every statistic, counted by hand in a log of four lives."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.authoring.targets import Outcome, evaluate
from simulator.compiler import lower
from simulator.errors import Findings
from tests.authoring.counted_log import CountedLog, scenario, years

ILL_A, ILL_B = years("2002-01-01", "2006-01-01"), years("2001-01-01", "2010-01-01")
KNOWN_A, KNOWN_B = years("2003-01-01", "2006-01-01"), years("2004-01-01", "2010-01-01")
LIFE_A, LIFE_B = years("2000-01-01", "2006-01-01"), years("2000-01-01", "2010-01-01")
LIFE_D = years("2005-01-01", "2010-01-01")
ALL = LIFE_A + 2 * LIFE_B + LIFE_D
YEAR_5 = years("2005-01-01", "2006-01-01")
DRUG_A, DRUG_B = years("2003-07-01", "2006-01-01"), years("2004-01-01", "2005-01-01")
FIRST_5 = years("2000-01-01", "2005-01-01")
SMOKED = years("2000-01-01", "2004-01-01")
WELL = years("2000-01-01", "2002-01-01") + years("2000-01-01", "2001-01-01") + LIFE_B + LIFE_D
SEVERE = years("2005-01-01", "2006-01-01")
COUGH_A, COUGH_B = years("2004-01-01", "2005-01-01"), years("2008-01-01", "2010-01-01")
SEVERE_COUGH_A = years("2004-07-01", "2005-01-01")
PILL = years("2006-01-01", "2007-01-01") + years("2008-01-01", "2010-01-01")

SHARES = [
    ("prevalence of cf", (ILL_A + ILL_B) / ALL, 4),
    ("prevalence of not cf", 1 - (ILL_A + ILL_B) / ALL, 4),
    ("prevalence of cf in [severe]", SEVERE / ALL, 4),
    ("prevalence of cf not in [severe]", 1 - SEVERE / ALL, 4),
    ("prevalence of cf == mild", (ILL_A + ILL_B - SEVERE) / ALL, 4),
    ("prevalence of cf in females", ILL_A / (LIFE_A + LIFE_B), 2),
    ("prevalence of cf among sex == male", ILL_B / (LIFE_B + LIFE_D), 2),
    ("prevalence of cf in 2005", 2 * YEAR_5 / (4 * YEAR_5), 4),
    ("prevalence of cf in 2006..", 0.25 * (4 / 3), 3),
    ("prevalence of cf on 2003-07-01", 2 / 3, 3),
    ("prevalence of cf diagnosed on 2003-07-01 among cf", 1 / 2, 2),
    ("prevalence of cf on 2003-07-01 at 40..49 years", 1.0, 1),
    ("prevalence of cf at 50..54 years", years("2002-01-01", "2005-01-01") / FIRST_5, 1),
    ("prevalence of cf diagnosed among cf", (KNOWN_A + KNOWN_B) / (ILL_A + ILL_B), 2),
    ("prevalence of on drug", (DRUG_A + DRUG_B) / ALL, 4),
    ("prevalence of on pill", PILL / ALL, 4),
    ("prevalence of ever on pill", years("2006-01-01", "2010-01-01") / ALL, 4),
    ("prevalence of cf.cough", (COUGH_A + COUGH_B) / ALL, 4),
    ("prevalence of cf.cough in [severe] in males", COUGH_B / (LIFE_B + LIFE_D), 2),
    ("prevalence of cf.cough == mild", years("2004-01-01", "2004-07-01") / ALL, 4),
    ("prevalence of cf.cough not in [severe]", 1 - (SEVERE_COUGH_A + COUGH_B) / ALL, 4),
    ("share of cf.cough followed by cf.cough.severe within 1 year", 1.0, 2),
    ("prevalence of ever on drug", (DRUG_A + KNOWN_B) / ALL, 4),
    ("prevalence of on drug or cf diagnosed", (KNOWN_A + KNOWN_B) / ALL, 4),
    ("prevalence of cf and not on drug", (ILL_A + ILL_B - DRUG_A - DRUG_B) / ALL, 4),
    ("prevalence of smoker == current", SMOKED / ALL, 4),
    ("prevalence of smoker != current", 1 - SMOKED / ALL, 4),
    ("prevalence of smoker in [former, never]", (LIFE_B - SMOKED + LIFE_D) / ALL, 4),
    ("prevalence of ever cf.diagnosed", (KNOWN_A + KNOWN_B) / ALL, 4),
    ("prevalence of age >= 40 years", (LIFE_A + LIFE_B) / ALL, 4),
    ("prevalence of age < 5 years", LIFE_D / ALL, 4),
    (
        "prevalence of last hba1c < 7 %",
        years("2004-01-01", "2006-01-01") / ALL,
        4,
    ),
    ("share of cf.onset followed by cf.diagnosed within 2 years", 1 / 2, 2),
    ("share of cf.onset followed by cf.diagnosed within 1100 days", 1.0, 2),
    ("share of cf.diagnosed followed by drug.started within 1 day", 1 / 2, 2),
    ("share of clinic.visit followed by clinic.visit within 367 days", 3 / 5, 2),
    ("survival 3 years after cf.onset", 1.0, 2),
    ("survival 5 years after cf", 0.5, 2),
    ("survival 2 years after cf.diagnosed in 2003", 1.0, 1),
    ("survival 4 years after birth in males", 1.0, 1),
]  # fmt: skip
RATES = [
    ("incidence of cf", 2 / WELL, 4),
    ("incidence of cf.severe", 1 / (years("2000-01-01", "2005-01-01") + 2 * LIFE_B + LIFE_D), 4),
    ("incidence of cf in females", 1 / (years("2000-01-01", "2002-01-01") + LIFE_B), 2),
    ("rate of death", 1 / ALL, 4),
    ("rate of cf.death at 50..59 years among cf", 1 / (ILL_A + 0.0), 1),
    ("rate of clinic.visit among cf diagnosed", 3 / (KNOWN_A + KNOWN_B), 2),
    ("rate of cf.crisis", 1 / ALL, 4),
    ("rate of pill.paused", 1 / ALL, 4),
    ("rate of pill.resumed", 1 / ALL, 4),
    ("rate of pill.started", 1 / ALL, 4),
    ("rate of cf.cough", 2 / ALL, 4),
    ("rate of cf.cough.severe among cf.cough", 1 / (COUGH_A + COUGH_B), 2),
    ("rate of cf.cough.ended", 1 / ALL, 4),
    ("rate of ward.admitted", 1 / ALL, 4),
    ("rate of ward.icu", 1 / ALL, 4),
    ("rate of ward.general", 1 / ALL, 4),
    ("rate of ward.discharged", 1 / ALL, 4),
    ("rate of ward.home", 1 / ALL, 4),
    ("rate of ward.nursing_home", 0.0, 4),
    ("rate of hba1c.measured", 5 / ALL, 4),
    ("rate of ambulatory.visit in 2004", 2 / (3 * years("2004-01-01", "2005-01-01")), 3),
    ("rate of emergency.visit in 2004", 0.0, 3),
    ("rate of clinic.visit in 2004", 2 / (3 * years("2004-01-01", "2005-01-01")), 3),
    ("rate of drug.stopped among on drug", 1 / (DRUG_A + DRUG_B), 2),
    ("incidence of drug.started", 2 / (ALL - DRUG_A - KNOWN_B), 4),
]
TIMES = [
    ("median age at cf.diagnosed", 48.5, 2),
    ("mean age at cf.cough", (54 + 48) / 2, 2),
    ("median age at cf.cough.severe", (54 + 182 / 366 + 48) / 2, 2),
    ("mean age at cf.onset", (52 + 41) / 2, 2),
    ("median age at death", 56.0, 1),
    ("median age at drug.started", (53.4959 + 44) / 2, 2),
    ("mean time from cf.onset to cf.diagnosed", (ILL_A - KNOWN_A + ILL_B - KNOWN_B) / 2, 2),
    ("median time from cf.onset to cf.diagnosed", ILL_A - KNOWN_A, 2),
    ("median time from cf.diagnosed to drug.started", 0.0, 2),
    ("mean time from ward.admitted to ward.discharged", years("2007-01-01", "2007-01-10"), 1),
    ("median survival after cf.onset", ILL_A, 2),
]
VALUES = [
    ("mean of hba1c", 7.2, 2),
    ("median of hba1c", 7.0, 2),
    ("mean of hba1c among on drug", 7.0, 2),
    ("mean of hba1c in males in 2005..", 7.5, 1),
    ("mean of hba1c at 50..53 years", 7.0, 1),
]


def outcome(statement: str, within: str) -> Outcome:
    found = scenario(expect=f"{statement}: {within}")
    findings = Findings()
    lower(found, findings)
    assert [f"{f.code} {f.message}" for f in findings.errors] == []
    [result] = evaluate(found, CountedLog())
    return result


@pytest.mark.parametrize(("statement", "value", "n"), SHARES)
def test_shares(statement: str, value: float, n: int) -> None:
    found = outcome(statement, "10%..90%")
    assert found.value == pytest.approx(value, rel=2e-3 if "2006.." in statement else 1e-9)
    assert (found.n, found.unit) == (n, "share")
    assert found.low is not None
    assert found.high is not None
    assert 0.0 <= found.low <= found.value <= found.high <= 1.0


@pytest.mark.parametrize(("statement", "value", "n"), RATES)
def test_rates(statement: str, value: float, n: int) -> None:
    found = outcome(statement, "10..90 per 1000 per year")
    assert found.value == pytest.approx(value, rel=1e-9)
    assert (found.n, found.unit) == (n, "/year")


@pytest.mark.parametrize(("statement", "value", "n"), TIMES)
def test_ages_and_times(statement: str, value: float, n: int) -> None:
    found = outcome(statement, "1..90 years")
    assert found.value == pytest.approx(value, abs=1e-4)
    assert (found.n, found.unit) == (n, "year")


@pytest.mark.parametrize(("statement", "value", "n"), VALUES)
def test_values(statement: str, value: float, n: int) -> None:
    found = outcome(statement, "6 %..8 %")
    assert found.value == pytest.approx(value, rel=1e-12)
    assert (found.n, found.unit) == (n, "%")


def test_nobody_to_count_is_no_verdict() -> None:
    found = outcome("prevalence of cf at 90..99 years", "10%..20%")
    assert (found.value, found.low, found.high, found.n) == (None, None, None, 0)
    assert (found.verdict, found.needed) == ("too few", None)


def test_survival_beyond_all_follow_up_is_unknown() -> None:
    found = outcome("survival 30 years after cf.diagnosed in males", "10%..20%")
    assert (found.value, found.n, found.verdict) == (None, 1, "too few")


def test_period_survival_begins_where_the_period_does() -> None:
    """From onset: A is at risk from the first to the fourth year and dies; B, ill a year earlier, too."""
    found = outcome("period survival 4 years after cf.onset in 2003..2006", "10%..90%")
    assert found.value is None  # nobody was seen in the first year
    found = outcome("median period survival after cf.onset in 2001..2006", "1..10 years")
    assert found.value is None  # one death of two, by the exponential of the hazard: 61 % live on
    found = outcome("period survival 4.5 years after cf.onset in 2001..2006", "10%..90%")
    assert found.value == pytest.approx(np.exp(-1 / 2))
    assert found.n == 2


def test_survival_of_ages_at_which_nobody_was_there_is_unknown() -> None:
    """A is at risk from 52 to 56 and dies, C from 12 to 17: that says nothing of birth to 52."""
    found = outcome("median period survival after birth in 2002..2006 in females", "50..60 years")
    assert (found.value, found.n, found.verdict) == (None, 2, "too few")


@pytest.mark.parametrize(
    ("statement", "subject"),
    [
        ("prevalence of cf in 2005 at 40..49 years", "cf"),
        ("prevalence of cf diagnosed on 2003-07-01 among cf", "cf diagnosed"),
        ("prevalence of cf.cough in [severe] in males", "cf.cough in [severe]"),
        ("share of cf.onset followed by cf.diagnosed within 2 years", "cf.diagnosed"),
        ("survival 2 years after cf.diagnosed in 2003", "death after cf.diagnosed"),
    ],
)
def test_the_subject_is_what_is_counted_without_whom_and_when(statement: str, subject: str) -> None:
    assert outcome(statement, "10%..90%").subject == subject


def test_on_a_birthday_one_is_of_that_age() -> None:
    """B was born on 1960-01-01."""
    assert outcome("prevalence of cf on 2005-01-01 at 45..49 years", "10%..90%").n == 1
    assert outcome("prevalence of cf on 2005-01-01 at 40..44 years", "10%..90%").n == 0


def test_an_outcome_says_what_it_is_about() -> None:
    expect = "prevalence of cf diagnosed at 40..49 years in 2001..2004 in females: 10%..20%"
    targets = (
        "deaths:\n  statistic: rate of death\n  value: 3 per 100 per year\n"
        "  tolerance: 10%\n  source: a register\n"
    )
    first, second = evaluate(scenario(expect=expect, targets=targets), CountedLog())
    assert (first.id, first.kind, first.subject) == (first.statement, "prevalence", "cf diagnosed")
    assert (first.ages, first.years, first.sex) == ((40.0, 50.0), (2001, 2004), "female")
    assert (second.id, second.source, second.subject) == ("deaths", "a register", "death")
    assert second.published == pytest.approx(0.03)
    assert second.expected == pytest.approx((0.027, 0.033))
