"""Scenarios drawn by hypothesis, as an author would write them.

A disease that others may follow, each with its own way of beginning, progressing, ending and being
found; a marker that they move; treatments; visits that are due and visits that are provoked.
"""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

LAST = 3  # diseases at most

ONSETS = [
    "{at: birth, probability: 40%}",
    "{at: birth, probability: 30%, to: severe}",
    "{rate: 0.25 per year, multiplied: [{by: 3, while: frailty == high}, {by: exp(0.05 * (bmi - 27))}]}",
    "{rate: {gompertz: {rate: 0.08 per year, at: 30 years, growth: 0.03 per year}}}",
    "{rate: {per: year, by: [age, sex],"
    " table: {0..17 years: 0.3, 18..39 years: {male: 0.1, female: 0.4}, 40.. years: 0.2}}}",
    "{rate: {per: year, by: month, table: {january: 1, february: 1, march: 0.5, april: 0, may: 0, june: 0,"
    " july: 0, august: 0, september: 0.1, october: 0.2, november: 0.4, december: 0.8}}}",
    '{after: "weibull(median=3 years, shape=1.7)"}',
    "{when: age >= 31 years and date >= 2001-06-15, delay: 0..6 months}",
    "{when: marker >= 55 mmol/L, delay: 1..3 weeks}",
]
FOLLOWS = [
    "{on: d0.severe, probability: 60%}",
    "{on: d0.flare, if: d0 == severe}",
    "{rate: 0.1 per year, multiplied: [{by: 6, while: d0}, {by: 0.2, while: on drug}]}",
    "{when: count of d0.flare in last 12 months >= 2, delay: 2 weeks}",
]
WORSE = [
    "{rate: 0.5 per year, multiplied: [{by: 0.4, while: ever on drug}]}",
    '{after: "lognormal(median=1 year, sigma=0.8)"}',
    '{after: "gamma(mean=18 months, shape=0.7)"}',
    "{when: marker > 58 mmol/L}",
    "{when: time since DISEASE.onset > 10 months and frailty == high}",
    "{on: DISEASE.flare, probability: 30%}",
]
BETTER = ["{after: 5..40 weeks}", "{rate: 1.5 per year}", "{when: marker < 50 mmol/L, delay: 1 month}"]
FLARES = [
    "{rate: 1.5 per year, multiplied: [{by: 3, while: count of DISEASE.flare in last 5 months >= 2},"
    " {by: 0.2, while: time since drug.started < 100 days}]}",
    "{rate: 1 per year, multiplied: [{by: 4, while: time since clinic.visit > 50 days},"
    " {by: 0.5, while: not marker > 52 mmol/L}]}",
    "{rate: 1.2 per year}",
    '{while: "DISEASE in [severe]", rate: 3 per year, multiplied: [{by: 0.3, while: on drug}]}',
    "{rate: 1 per year, multiplied: [{by: {by: age, table: {0..39 years: 0.5, 40.. years: 2}}}]}",
]
FOUND = [
    "{at: [clinic], if: last marker >= 53 mmol/L}",
    "{at: [clinic, ward], probability: 60%}",
    '{on: DISEASE.onset, after: "exponential(8 months)", visit: clinic}',
    "{on: DISEASE.severe, visit: clinic, probability: {by: frailty, table: {low: 40%, high: 90%}}}",
]
DUE = [
    "every: 4 months ± 3 weeks",
    "every: 1 year\n    for: age >= 18 years",
    "rate: 2 per year\n    multiplied: [{by: 3, while: d0 diagnosed}]",
    "at: [6 months, 2 years, 30 years, 30.5 years, 33 years, 50 years]",
]
STARTS = [
    "{when: d0 diagnosed}",
    "{when: d0 diagnosed and last marker >= 54 mmol/L, uptake: 70%, delay: 0..3 months}",
    "{when: last marker >= 56 mmol/L and age >= 9 years, uptake: {by: sex, table: {male: 50%, female: 90%}}}",
]
STOPS = [
    "[]",
    "[{rate: 0.4 per year}]",
    "[{after: 26 weeks}, {on: d0.severe}]",
    "[{when: last marker < 50 mmol/L}]",
]
MEANS = [
    "50",
    "if(sex == male, 50, 48)",
    "40 + 0.4 * bmi",
    "{by: age, table: {0..17 years: 46, 18.. years: 51}}",
]
EFFECTS = [
    "{hazard: d0.flare, by: 0.5}",
    "{measurement: marker, shift: -6}",
    "{measurement: marker, drift: -1 per year}",
]
MORE_OF_A_TREATMENT = [
    "again: 2 months",
    "adherence: beta(4, 2)",
    "contraindicated: last marker > 70 mmol/L",
    "supply: 60 days",
    "available: 2001-09-09",
]
AGES = ["uniform(0 years, 70 years)", "30 years", "uniform(-4 years, 50 years)"]
COURSES = [["WORSE"], ["WORSE", "BETTER"], ["WORSE", "CURE"], ["CURE"]]


@st.composite
def diseases(draw: DrawFn, index: int, *, coupled: bool) -> str:
    """One disease; those after the first may follow it, and know of what it does."""
    name = f"d{index}"
    onset = draw(st.sampled_from(ONSETS + (2 * FOLLOWS if index else [])))
    if coupled and index == 0:
        onset = "{rate: 4 per year, multiplied: [{by: pressure + 0.05}]}"
    lines = [f"  {name}:", f"    onset: {onset}", "    states: [mild, severe]", "    course:"]
    for arrow in draw(st.sampled_from(COURSES)):
        if arrow == "WORSE":
            lines.append(f"      - mild -> severe: {draw(st.sampled_from(WORSE))}")
        elif arrow == "BETTER":
            lines.append(f"      - severe -> mild: {draw(st.sampled_from(BETTER))}")
        else:
            lines.append("      - severe -> absent: {after: 5..40 weeks}")
            lines.append("      - mild -> absent: {rate: 0.4 per year}")
    if draw(st.booleans()):
        lines.append("    death: {severe: {rate: 0.1 per year, multiplied: [{by: 2, while: bmi > 30}]}}")
    lines.append(f"    events: {{flare: {draw(st.sampled_from(FLARES))}}}")
    lines.append("    diagnosis:")
    lines += [
        f"      - {route}"
        for route in draw(st.lists(st.sampled_from(FOUND), min_size=1, max_size=2, unique=True))
    ]
    return "\n".join(lines).replace("DISEASE", name)


@st.composite
def marker(draw: DrawFn, count: int) -> str:
    """A measurement that the diseases and the drug move."""
    mean = draw(st.sampled_from(MEANS))
    slope = draw(st.sampled_from(["3 per year", "-1.5 * bmi / 27 per year"]))
    drift = [f"{{by: {slope}, while: d0}}", "{by: 0.5 per year, while: age >= 30 years}"]
    shift = ["{by: 4.5, while: d0 == severe}", *(f"{{by: {i}, while: d{i}}}" for i in range(1, count))]
    return f"""  marker:
    unit: mmol/L
    plausible: 20..90
    precision: {draw(st.integers(0, 2))}
    value:
      mean: {mean}
      between_patients: 4
      noise: 1.5
      drift: [{", ".join(draw(st.lists(st.sampled_from(drift), unique=True)))}]
      shift: [{", ".join(shift)}]
"""


@st.composite
def treatment(draw: DrawFn) -> str:
    more = draw(st.lists(st.sampled_from(MORE_OF_A_TREATMENT), unique=True))
    effects = draw(st.lists(st.sampled_from(EFFECTS), unique=True))
    return f"""  drug:
    start: {draw(st.sampled_from(STARTS))}
    stop: {draw(st.sampled_from(STOPS))}
    effects: [{", ".join(effects)}]
""" + "".join(f"    {line}\n" for line in more)


@st.composite
def scenarios(draw: DrawFn, *, coupled: bool = False) -> str:
    """The text of a scenario without errors; `coupled`: the first disease is passed on."""
    count = draw(st.integers(1, LAST))
    history = draw(st.sampled_from(["none", "from birth"]))
    parts = [
        f"""format: 1
id: drawn
population:
  size: 12
  from: 2000-01-01
  to: 2005-07-09
  age: {draw(st.sampled_from(AGES))}
  sex: {{male: 45%, female: 55%}}
  history: {history}
  step: {draw(st.sampled_from(["1 month", "6 weeks"]))}
attributes:
  frailty: {{draw: {{low: 70%, high: 30%}}}}
  bmi: {{value: "normal(if(sex == male, 28, 26), 4)", between: 15..50}}
mortality: {{rate: {{gompertz: {{rate: 1e-4 per year, at: 0 years, growth: 0.08 per year}}}}}}
diseases:""",
        *(draw(diseases(index, coupled=coupled)) for index in range(count)),
        "measurements:",
        draw(marker(count)),
        "treatments:",
        draw(treatment()),
        f"""care:
  clinic:
    class: ambulatory
    {draw(st.sampled_from(DUE))}
    measures: [marker]
  ward:
    class: inpatient
    on: [d0.flare]
    probability: 50%
    after: 0..4 days
    duration: {{lognormal: {{median: 5 days, sigma: 0.7}}}}
    measures: [{{measure: marker, if: age >= 2 years, probability: 80%}}]
    orders: {{scan: {{if: d0 diagnosed, probability: 70%}}}}
""",
    ]
    if coupled:
        parts.append("communities: {count: 2, contacts: {graph: complete, within: 70%}}")
        parts.append("exchange: {pressure: {share: d0}}\n")
    return "\n".join(parts)
