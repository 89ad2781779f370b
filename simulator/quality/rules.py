"""The invariants of a dataset. Every rule has a stable code; `simulator verify` reports by them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """An invariant.

    Attributes:
        code: stable, ``V01`` …
        title: the violation in a few words.
        meaning: what must hold, and what it means if it does not.
        remedy: what to do about it.
    """

    code: str
    title: str
    meaning: str
    remedy: str


_DAMAGED = "The files were changed or damaged after the run. Run the scenario again (the manifest says how)."
_ENGINE = "The run itself is wrong. Report it with the scenario and the seed; the dataset should not be used."
_TABLES = "The tables contradict each other: a file was edited or replaced. Run the scenario again."
_SCENARIO = (
    "Look at the scenario's rule first (`simulator describe`); if it is right, report it with the seed."
)

RULES: dict[str, Rule] = {
    rule.code: rule
    for rule in (
        # --- the folder
        Rule("V01", "file missing", "Every file that the manifest lists exists.", _DAMAGED),
        Rule(
            "V02", "file not listed", "Every Parquet file in the folder is listed in the manifest.", _DAMAGED
        ),
        Rule("V03", "file changed", "Every file has the size and SHA-256 of the manifest.", _DAMAGED),
        Rule("V04", "row count", "Every table has as many rows as the manifest says.", _DAMAGED),
        Rule(
            "V05",
            "content digest",
            "The content digest, computed again from the files, is the manifest's: "
            "otherwise these are not the histories that the run wrote.",
            _DAMAGED,
        ),
        Rule(
            "V06",
            "unreadable file",
            "Every file can be read.",
            _DAMAGED,
        ),
        Rule("V07", "schema", "Every table has the columns and types of `simulator.schema`.", _DAMAGED),
        Rule("V08", "not valid MEDS", "Data and metadata pass the checks of the MEDS standard.", _DAMAGED),
        Rule("V09", "null", "No column that must have a value has a null.", _DAMAGED),
        Rule(
            "V10", "scenario hash", "The hash of the scenario kept in the manifest fits its text.", _DAMAGED
        ),
        # --- words
        Rule(
            "V11",
            "code not described",
            "Every code in the data is in metadata/codes.parquet, once.",
            _TABLES,
        ),
        Rule(
            "V12",
            "illegal status",
            "A row's status is one that the scenario records with this code.",
            _ENGINE,
        ),
        Rule(
            "V13",
            "unknown combination",
            "A row's code, text and unit are recorded together somewhere in the scenario.",
            _ENGINE,
        ),
        Rule("V14", "unknown cause", "A row's cause is a transition of the scenario.", _ENGINE),
        # --- subjects
        Rule("V15", "subject twice", "Every subject_id is once in the subjects table.", _ENGINE),
        Rule(
            "V16",
            "subject missing or misplaced",
            "A shard's subjects are exactly those that the plan gives it.",
            _ENGINE,
        ),
        Rule(
            "V17",
            "rows in the wrong file",
            "A subject's rows are in its own shard's files only: MEDS wants one subject in one file.",
            _ENGINE,
        ),
        Rule("V18", "period", "birth <= entry <= exit, and whoever dies leaves at death.", _ENGINE),
        Rule(
            "V19",
            "subject's facts",
            "Sex is male or female, the community exists, a death has a cause.",
            _ENGINE,
        ),
        # --- events in time
        Rule("V20", "not contiguous", "A subject's rows stand together, subjects in order.", _ENGINE),
        Rule("V21", "not sorted", "A subject's rows are sorted by time.", _ENGINE),
        Rule("V22", "static row late", "Rows without time stand before those with one.", _ENGINE),
        Rule("V23", "birth rows", "Every subject has exactly one MEDS_BIRTH row.", _ENGINE),
        Rule("V24", "birth differs", "The MEDS_BIRTH row and the subjects table agree.", _TABLES),
        Rule("V25", "before birth", "Nothing happens before birth.", _ENGINE),
        Rule("V26", "after death", "Nothing is recorded after death.", _ENGINE),
        Rule("V27", "died twice", "Nobody has two MEDS_DEATH rows.", _ENGINE),
        Rule("V28", "death differs", "MEDS_DEATH rows and the subjects table agree.", _TABLES),
        Rule(
            "V29",
            "outside the period",
            "Rows lie between entry and exit; before entry only birth, the problem list and its visits.",
            _ENGINE,
        ),
        # --- encounters
        Rule("V30", "encounter twice", "Every encounter_id is unique.", _ENGINE),
        Rule("V31", "encounter_id", "encounter_id is subject_id · 2^20 + number.", _ENGINE),
        Rule("V32", "encounter ends before it starts", "start <= end.", _ENGINE),
        Rule("V33", "encounter outside life", "Encounters lie between birth and death.", _ENGINE),
        Rule(
            "V34",
            "encounter outside the period",
            "Encounters lie between entry and exit; one before entry holds a row of the problem list.",
            _ENGINE,
        ),
        Rule("V35", "overlapping encounters", "A subject has one encounter at a time.", _ENGINE),
        Rule("V36", "overlapping inpatient stays", "A subject lies in one bed at a time.", _ENGINE),
        Rule(
            "V37",
            "encounter left open",
            "Only the last encounter of somebody alive at the end has no end.",
            _ENGINE,
        ),
        Rule("V38", "kind of encounter", "Kind, class and reason belong together in the scenario.", _TABLES),
        Rule(
            "V39", "encounter not recorded", "An encounter has its own row of events at its start.", _ENGINE
        ),
        Rule("V40", "encounters not sorted", "Encounters are sorted by subject and start.", _ENGINE),
        # --- events in encounters
        Rule(
            "V41",
            "event outside any encounter",
            "Every row belongs to an encounter, save static facts, birth and death.",
            _ENGINE,
        ),
        Rule("V42", "no such encounter", "The encounter of a row exists.", _TABLES),
        Rule("V43", "another's encounter", "The encounter of a row is the same subject's.", _ENGINE),
        Rule("V44", "outside its encounter", "A row lies between its encounter's start and end.", _ENGINE),
        # --- providers
        Rule("V45", "no such provider", "The provider of an encounter exists, once.", _TABLES),
        Rule(
            "V46",
            "wrong provider",
            "A provider offers the encounter's class, in the patient's community.",
            _TABLES,
        ),
        Rule("V47", "provider differs", "A row's provider is that of its encounter.", _TABLES),
        # --- treatments and values
        Rule("V48", "before approval", "No treatment is given before it is available.", _SCENARIO),
        Rule(
            "V49",
            "before diagnosis",
            "A treatment whose start rule asks for a diagnosis begins after it is recorded.",
            _SCENARIO,
        ),
        Rule(
            "V50",
            "stopped, not started",
            "Only what is being taken is stopped or paused, and only a diagnosis that was made is refuted.",
            _ENGINE,
        ),
        Rule("V51", "ends before it begins", "A row's end lies after its time.", _ENGINE),
        Rule("V52", "implausible value", "Values lie within the scenario's plausible bounds.", _ENGINE),
        Rule("V53", "wrong unit", "A value has the unit that the scenario measures it in.", _ENGINE),
        Rule("V54", "too many decimals", "Values are rounded to the scenario's precision.", _ENGINE),
        Rule("V55", "no value", "A measurement has a finite value.", _ENGINE),
        # --- truth
        Rule("V56", "unknown state", "Processes and states are those of the scenario.", _ENGINE),
        Rule("V57", "broken chain", "A process leaves the state that it entered before.", _ENGINE),
        Rule(
            "V58", "truth outside life", "What truly happened lies between birth and death or exit.", _ENGINE
        ),
        Rule("V59", "no way back", "Nothing leaves an absorbing state.", _ENGINE),
        Rule("V60", "truth not sorted", "Truth is sorted by subject and time.", _ENGINE),
        # --- splits and exchange
        Rule("V61", "splits", "Every subject is in exactly one split, and nobody else is.", _TABLES),
        Rule("V62", "wrong split", "A subject's split is the one its hash gives.", _TABLES),
        Rule("V63", "signals", "Signals are finite, complete over steps and communities, in order.", _ENGINE),
        # --- constraints
        Rule(
            "V64",
            "against a constraint",
            "What a constraint of the scenario says must never be, is not.",
            _SCENARIO,
        ),
        # --- what no hospital's record can say
        Rule(
            "V65",
            "dispensed, not prescribed",
            "What is dispensed is prescribed and neither stopped nor paused before.",
            _ENGINE,
        ),
        Rule(
            "V66",
            "diagnosed before it began",
            "A diagnosis that only the ill are given comes after the true onset.",
            _ENGINE,
        ),
        Rule(
            "V67",
            "vaccinated too early",
            "No dose of a vaccine comes before its youngest age, or too soon after the one before.",
            _ENGINE,
        ),
        Rule(
            "V68",
            "facts that exclude each other",
            "Of each attribute one category at most is a static fact, once; that of sex is the subject's.",
            _ENGINE,
        ),
        Rule(
            "V69",
            "death and its cause",
            "Who dies of a transition of the truth has it there at death; who enters death there, dies.",
            _ENGINE,
        ),
        Rule(
            "V70",
            "course of a stay",
            "Transfers and discharges are those of inpatient stays; a discharge is the last row and the end.",
            _ENGINE,
        ),
        Rule("V71", "diagnosis twice", "A diagnosis is recorded once in an encounter.", _ENGINE),
        Rule(
            "V72",
            "diagnosis of the other sex",
            "ICD-10-CM codes of pregnancy and of organs that one sex has are that sex's.",
            _SCENARIO,
        ),
    )
}
