"""Terminologies: how their codes are written in the log, their URIs and their licences.

A code in the log is ``VOCABULARY//CODE``, the custom of the Medical Event Data Standard
(https://medical-event-data-standard.github.io). Only codes and our own titles are written; no
terminology is copied. URIs are those of HL7 Terminology (https://terminology.hl7.org). What a
well-formed code looks like is checked when a scenario is read (`scenario/code_systems.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: vocabulary of things that have no code in any terminology
OWN = "SIM"


@dataclass(frozen=True, slots=True)
class CodeSystem:
    """A terminology.

    Attributes:
        key: its key in a scenario's ``codes:``.
        prefix: vocabulary in the log.
        title: its full name.
        uri: the canonical URI that FHIR uses; empty if there is none.
        licence: the terms under which its codes may be used, in a sentence.
        attribution: the acknowledgement its owner asks for; empty if none.
    """

    key: str
    prefix: str
    title: str
    uri: str
    licence: str
    attribution: str = ""


_SYSTEMS = (
    CodeSystem(
        "icd10cm", "ICD10CM", "ICD-10-CM", "http://hl7.org/fhir/sid/icd-10-cm",
        "Public domain in the United States (NCHS and CMS); ICD-10 is copyright WHO.",
    ),
    CodeSystem(
        "icd10pcs", "ICD10PCS", "ICD-10-PCS", "http://www.cms.gov/Medicare/Coding/ICD10",
        "Public domain (CMS).",
    ),
    CodeSystem(
        "loinc", "LOINC", "Logical Observation Identifiers Names and Codes", "http://loinc.org",
        "Free under the LOINC licence (https://loinc.org/license).",
        "This material contains content from LOINC (https://loinc.org). LOINC is copyright Regenstrief "
        "Institute, Inc. and the LOINC Committee and is available at no cost under the license at "
        "https://loinc.org/license.",
    ),
    CodeSystem(
        "rxnorm", "RxNorm", "RxNorm", "http://www.nlm.nih.gov/research/umls/rxnorm",
        "RxNorm's own concepts (SAB=RXNORM) may be used freely.",
        "This product uses publicly available data from the U.S. National Library of Medicine (NLM), "
        "National Institutes of Health, Department of Health and Human Services; NLM is not responsible "
        "for the product and does not endorse or recommend this or any other product.",
    ),
    CodeSystem(
        "cvx", "CVX", "Vaccines administered", "http://hl7.org/fhir/sid/cvx", "Public domain (CDC).",
    ),
    CodeSystem(
        "orphanet", "Orphanet", "Orphanet nomenclature (ORPHAcode)", "http://www.orpha.net",
        "Creative Commons Attribution 4.0 (CC BY 4.0).",
        "Orphanet: an online rare disease and orphan drug data base. Copyright INSERM 1999. "
        "Available at http://www.orpha.net.",
    ),
    CodeSystem(
        "omim", "OMIM", "Online Mendelian Inheritance in Man", "http://www.omim.org",
        "Copyright Johns Hopkins University; numbers may be cited, content may not be redistributed.",
    ),
    CodeSystem(
        "hpo", "HPO", "Human Phenotype Ontology", "http://human-phenotype-ontology.org",
        "May be used with acknowledgement and version, unaltered (https://hpo.jax.org/license).",
        "This product uses the Human Phenotype Ontology (http://www.human-phenotype-ontology.org).",
    ),
    CodeSystem(
        "ucum", "UCUM", "Unified Code for Units of Measure", "http://unitsofmeasure.org",
        "Free under the UCUM copyright notice and licence (https://ucum.org/license).",
    ),
)  # fmt: skip

#: every terminology by key, the one the log prefers first
SYSTEMS: Mapping[str, CodeSystem] = {system.key: system for system in _SYSTEMS}


def log_code(system: str, code: str) -> str:
    """A code as the log writes it. Raises: KeyError if the terminology is unknown.

    >>> log_code("icd10cm", "E84.9")
    'ICD10CM//E84.9'
    """
    return f"{SYSTEMS[system].prefix}//{code}"


def own_code(name: str) -> str:
    """The code, in our own vocabulary, of something that no terminology has a code for.

    >>> own_code("cf")
    'SIM//cf'
    """
    return f"{OWN}//{name}"


def preferred(codes: Mapping[str, str], name: str) -> str:
    """The code that the log shows for something with these `codes`, else our own for `name`.

    >>> preferred({"orphanet": "586", "icd10cm": "E84.9"}, "cf")
    'ICD10CM//E84.9'
    >>> preferred({}, "cf")
    'SIM//cf'
    """
    for key in SYSTEMS:
        if key in codes:
            return log_code(key, codes[key])
    return own_code(name)


def attributions(systems: Mapping[str, object]) -> tuple[str, ...]:
    """The acknowledgements that the owners of these terminologies (by key) ask for."""
    return tuple(s.attribution for key, s in SYSTEMS.items() if key in systems and s.attribution)
