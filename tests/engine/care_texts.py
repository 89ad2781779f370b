"""Waits, later draws, choices of drugs and loss to follow-up in two scenarios; numbers are round ones."""

from __future__ import annotations

TUMOUR = """
attributes:
  receptor:
    draw: {positive: "if(age >= 50 years, 0.8, 0.6)", negative: "if(age >= 50 years, 0.2, 0.4)"}
    on: cancer.onset
    codes: {loinc: 85319-2}
    changes: [positive -> negative: {on: cancer.ii, after: 1..6 months, probability: 50%}]
  grade: {value: "normal(5, 2)", between: 1..9, on: cancer.onset}
diseases:
  cancer:
    codes: {icd10cm: C50.919}
    onset: {rate: 0.2 per year}
    states: [i, ii, iii]
    course:
      - i -> ii: {rate: 0.1 per year, multiplied: [{by: 2, while: receptor == negative}, {by: 1.2 ** grade}]}
      - ii -> iii: {after: 1..3 years}
      - iii -> absent: {on: surgery.done, after: 10 days}
    diagnosis:
      - at: [clinic]
        if: last tumour >= 30
        probability: 90%
        refuted: {on: biopsy.done, if: last biopsy == nothing}
    stage: {codes: {loinc: 21908-9}, at: [clinic], on: [biopsy.done], understaged: 30%}
measurements:
  tumour: {unit: "1", plausible: 0..100, value: {mean: 20, noise: 8, shift: [{by: 30, while: cancer}]}}
procedures:
  biopsy:
    finds:
      cancer: {if: cancer, probability: 90%, codes: {icd10cm: N63.0}}
      other: {codes: {icd10cm: N63.0}, title: Other lump, probability: 10%}
  surgery: {duration: 1 hour}
treatments:
  tamoxifen:
    codes: {rxnorm: "10324"}
    start: {when: cancer diagnosed, at: [clinic], uptake: 80%}
    stop: [{when: not cancer diagnosed, probability: 60%}, {on: surgery.done, after: 5..7 days}]
    again: 1 month
pathways:
  work_up:
    start: {on: [cancer.diagnosed], after: 1..3 weeks}
    steps:
      - choose:
          - {share: 90%, then: [{do: biopsy}, {wait: 2 weeks}, {note: seen}]}
          - else: [{note: missed}]
      - if: last biopsy == cancer
        then: [{do: surgery}]
care:
  clinic: {class: ambulatory, every: 3 months, measures: [tumour]}
"""

DEPRESSION = """
diseases:
  depression:
    codes: {icd10cm: F32.9}
    onset: {rate: 0.4 per year}
    states: [ill]
    course:
      - ill -> absent: {rate: 0.7 per year, multiplied: [{by: 3, while: on sertraline or on venlafaxine}]}
    diagnosis: [{on: depression.onset, after: 1..8 weeks, visit: gp}]
measurements:
  phq9:
    unit: "{score}"
    plausible: 0..27
    precision: 0
    value: {mean: 4, noise: 2, shift: [{by: 11, while: depression}]}
treatments:
  sertraline: {codes: {rxnorm: "36437"}}
  citalopram: {codes: {rxnorm: "2556"}}
  venlafaxine: {codes: {rxnorm: "39786"}}
pathways:
  antidepressant:
    start: {when: depression diagnosed, uptake: 80%}
    again: 6 months
    steps:
      - start_one_of: {sertraline: 60%, citalopram: 40%}
      - repeat: {times: 3, every: 6 weeks}
        steps:
          - visit: gp
          - if: last phq9 >= 10
            then: [{switch_to: {sertraline: 30%, citalopram: 30%, venlafaxine: 40%}}]
      - wait: 6 months
    stop: [{when: not depression diagnosed}]
    when_lost: begins_again
follow_up:
  lost: {rate: 0.3 per year}
  returns: {after: 3..12 months}
care:
  gp:
    class: ambulatory
    every: 6 months
    measures: [phq9]
    orders: {smear: {result: {clear: 70%, doubtful: 30%}}}
  colposcopy: {class: ambulatory, on: [gp.visit], if: last smear == doubtful, after: 1..3 weeks}
"""

TEXTS = {"tumour": TUMOUR, "depression": DEPRESSION}
