"""Every column of every table we write, defined once.

Writers, readers, the checker, the documentation and the tests all use these definitions.
The events table is a valid MEDS data table (https://medical-event-data-standard.github.io);
`subject_id`, `time`, `code`, `numeric_value` and `text_value` are MEDS's own columns, the
others are additions that MEDS allows.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column: name, type (as Arrow spells it), whether it may be null, and what it means."""

    name: str
    type: str  # int64, int32, float32, float64, string, large_string, timestamp[us], list<string>
    nullable: bool
    meaning: str
    unit: str = ""


EVENTS: tuple[Column, ...] = (
    Column("subject_id", "int64", False, "the patient"),
    Column("time", "timestamp[us]", True, "when it happened (UTC); null for static facts"),
    Column("code", "string", False, "what happened: VOCABULARY//CODE"),
    Column("numeric_value", "float32", True, "measured or given number"),
    Column("text_value", "large_string", True, "value in words"),
    Column("unit", "string", True, "UCUM unit of numeric_value"),
    Column("end", "timestamp[us]", True, "when it ended, e.g. the last day a dispensed supply lasts"),
    Column("encounter_id", "int64", True, "encounter in which it was recorded"),
    Column("provider_id", "int32", True, "who recorded it"),
    Column("status", "string", True, "state of the record, e.g. final, active, completed"),
    Column("cause", "string", True, "process and transition that produced it"),
)

SUBJECTS: tuple[Column, ...] = (
    Column("subject_id", "int64", False, "the patient"),
    Column("birth", "timestamp[us]", False, "instant of birth (UTC)"),
    Column("sex", "string", False, "male or female"),
    Column("death", "timestamp[us]", True, "instant of death; null if alive at the end"),
    Column("death_cause", "string", True, "transition that ended the life"),
    Column("entry", "timestamp[us]", False, "first recorded instant: `from`, or birth if later"),
    Column("exit", "timestamp[us]", False, "last recorded instant: death or end of the period"),
    Column("community", "int32", False, "community the patient lives in"),
)

ENCOUNTERS: tuple[Column, ...] = (
    Column("encounter_id", "int64", False, "subject_id · 2^20 + number within the patient, from 0"),
    Column("subject_id", "int64", False, "the patient"),
    Column("class", "string", False, "ambulatory, emergency, inpatient, virtual or home"),
    Column("kind", "string", False, "name of the care in the scenario"),
    Column("start", "timestamp[us]", False, "begin"),
    Column("end", "timestamp[us]", True, "end; null if it goes on beyond the recorded period"),
    Column("reason", "string", True, "code of the reason"),
    Column("provider_id", "int32", False, "who saw the patient"),
)

PROVIDERS: tuple[Column, ...] = (
    Column("provider_id", "int32", False, "the provider"),
    Column("name", "string", False, "a made-up name"),
    Column("class", "string", False, "class of encounters it offers"),
    Column("community", "int32", False, "where it is"),
)

TRUTH: tuple[Column, ...] = (
    Column("subject_id", "int64", False, "the patient"),
    Column("time", "timestamp[us]", False, "when it truly happened"),
    Column("process", "string", False, "the disease or other latent process"),
    Column("from", "string", False, "state before"),
    Column("to", "string", False, "state after"),
    Column("cause", "string", False, "transition that fired"),
)

EXCHANGE: tuple[Column, ...] = (
    Column("time", "timestamp[us]", False, "begin of the step (UTC)"),
    Column("community", "int32", False, "the community, from 0"),
    Column("signal", "string", False, "name of the exchange in the scenario"),
    Column("value", "float64", False, "what the community's members met in this step"),
)

CODES: tuple[Column, ...] = (
    Column("code", "string", False, "VOCABULARY//CODE"),
    Column("description", "string", True, "the title in words"),
    Column("parent_codes", "list<string>", True, "the same concept in other code systems"),
    Column(
        "kind",
        "string",
        False,
        "diagnosis, treatment, measurement, order, procedure, care plan, encounter, event or static",
    ),
    Column("unit", "string", True, "UCUM unit of numeric_value"),
)

SPLITS: tuple[Column, ...] = (
    Column("subject_id", "int64", False, "the patient"),
    Column("split", "string", False, "train, tuning or held_out: 80, 10 and 10 % by a hash of subject_id"),
)

#: tables by name: `codes` and `splits` are MEDS metadata, `exchange` exists in coupled runs only
TABLES: dict[str, tuple[Column, ...]] = {
    "events": EVENTS,
    "subjects": SUBJECTS,
    "encounters": ENCOUNTERS,
    "providers": PROVIDERS,
    "truth": TRUTH,
    "exchange": EXCHANGE,
    "codes": CODES,
    "splits": SPLITS,
}
