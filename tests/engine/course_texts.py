"""Six courses of care as a clinician would write them; numbers are round ones, for these tests only."""

from __future__ import annotations

PEOPLE = """
format: 1
id: courses
population: {size: 40, from: 2010-01-01, to: 2018-01-01, AGE, source: made up}
"""

CHEMOTHERAPY = """
diseases:
  breast_cancer:
    onset: {rate: 0.4 per year}
    states: [early, metastatic]
    course:
      - early -> metastatic: {rate: 0.2 per year, multiplied: [{by: 0.3, while: on chemotherapy}]}
    diagnosis:
      - {on: breast_cancer.onset, after: 1..3 months, visit: clinic}
  febrile_neutropenia:
    codes: {icd10cm: D70.1}
    onset: {on: chemotherapy.febrile_neutropenia}
    states: [present]
    course: [{present -> absent: {after: 7 days}}]
measurements:
  neutrophils:
    codes: {loinc: 751-8}
    unit: "10*9/L"
    plausible: 0..30
    precision: 2
    value:
      mean: 3
      between_patients: 0.6
      noise: 0.3
      shift: [{by: -1.8, while: time since epirubicin.given < 3.3 weeks}]
procedures:
  lumpectomy:
    codes: {icd10pcs: 0HBT0ZZ}
    duration: 60..120 minutes
    complications:
      bleeding: {probability: 5%, codes: {icd10cm: L76.22}}
      infection: {probability: 20%, after: 3..10 days, codes: {icd10cm: T81.49XA}, fatal: 5%}
treatments:
  epirubicin: {codes: {rxnorm: "3995"}}
  cyclophosphamide: {codes: {rxnorm: "3002"}, available: 2011-01-01}
  tamoxifen: {codes: {rxnorm: "10324"}, stop: [{rate: 0.3 per year}]}
care:
  clinic:
    class: ambulatory
    refers: [{to: surgery, if: breast_cancer diagnosed, wait: 1..3 weeks, attends: 95%}]
  surgery: {class: ambulatory, does: [lumpectomy]}
  infusion_centre: {class: ambulatory, duration: 3 hours, measures: [neutrophils]}
  emergency: {class: emergency, on: [lumpectomy.infection]}
  ward: {class: inpatient, on: [chemotherapy.febrile_neutropenia], probability: 80%, measures: [neutrophils]}
pathways:
  chemotherapy:
    title: Adjuvant chemotherapy
    start: {when: breast_cancer diagnosed and ever lumpectomy, delay: 4..8 weeks, uptake: 90%}
    repeat: {times: 6, every: 3 weeks}
    steps:
      - visit: infusion_centre
      - if: last neutrophils < 1.2 10*9/L
        then: [{postpone: 1 week, at_most: 2 times, otherwise: [{end: stopped}]}]
      - give: [{treatment: epirubicin, dose: 100 mg/m2}, cyclophosphamide]
        name: cycle
      - may_follow: {febrile_neutropenia: 12%}
        after: 7..14 days
    stop: [{on: breast_cancer.metastatic}]
  endocrine_therapy:
    start: {on: chemotherapy.completed, after: 2..4 weeks}
    steps:
      - note: Endocrine therapy discussed
      - start: tamoxifen
      - wait: 2 years
      - stop: tamoxifen
"""

COLONOSCOPY = """
diseases:
  polyp:
    onset: {rate: 0.15 per year}
    states: [small, advanced]
    course:
      - small -> advanced: {rate: 0.2 per year}
      - small -> absent: {on: colonoscopy.small_polyp}
      - advanced -> absent: {on: colonoscopy.advanced_polyp}
      - advanced -> absent: {on: colonoscopy.cancer}
  cancer:
    onset: {rate: 0.001 per year, multiplied: [{by: 80, while: "polyp in [advanced]"}]}
    states: [present]
    diagnosis: [{at: [endoscopy], if: last colonoscopy == cancer}]
procedures:
  colonoscopy:
    codes: {icd10pcs: 0DJD8ZZ}
    duration: 30 minutes
    finds:
      cancer: {if: cancer, probability: 95%}
      advanced_polyp: {if: "polyp in [advanced]", probability: 90%, codes: {icd10cm: D12.6}}
      small_polyp: {if: "polyp in [small]", probability: 75%, codes: {icd10cm: K63.5}}
    complications: {perforation: {probability: 0.05%, after: 0..2 days, codes: {icd10cm: K63.1}, fatal: 5%}}
care:
  endoscopy: {class: ambulatory, does: [colonoscopy]}
  surgical_ward: {class: inpatient, on: [colonoscopy.perforation]}
pathways:
  screening:
    start: {when: age >= 50 years and age < 75 years, delay: 0..6 months, uptake: 70%}
    repeat: forever
    steps:
      - visit: endoscopy
      - if: last colonoscopy == cancer
        then: [end]
      - if: last colonoscopy == advanced_polyp
        then: [{wait: 3 years}]
        else:
          - if: last colonoscopy == small_polyp
            then: [{wait: 5 years ± 3 months}]
            else: [{wait: 10 years}]
    stop: [{when: age >= 75 years}]
"""

SEPSIS = """
diseases:
  sepsis:
    codes: {icd10cm: A41.9}
    onset: {rate: 0.5 per year}
    states: [present]
    course: [{present -> absent: {after: 5..9 days}}]
    diagnosis: [{at: [sepsis_admission], probability: 95%}]
measurements:
  lactate:
    codes: {loinc: 2524-7}
    unit: mmol/L
    plausible: 0.2..20
    value:
      mean: 1.2
      noise: 0.2
      shift: [{by: 2.5, while: sepsis}, {by: 2, while: "sepsis_admission in [icu]"}]
treatments:
  piperacillin: {codes: {rxnorm: "8339"}}
care:
  sepsis_admission:
    class: inpatient
    on: [sepsis.onset, sepsis_admission.home]
    probability: {by: sex, table: {male: 80%, female: 90%}}
    after: 1..20 hours
    measures: [lactate]
    stay:
      units: [ward, icu]
      begins: {ward: 60%, icu: 40%}
      course:
        - ward -> icu: {rate: 0.05 per day}
        - icu -> ward: {after: "lognormal(median=4 days, sigma=0.6)"}
        - ward -> discharged: {after: "lognormal(median=5 days, sigma=0.5)"}
        - ward -> left_against_advice: {rate: 0.01 per day}
      death: {icu: {rate: 0.04 per day}}
      discharge: {home: 70%, skilled_nursing: 20%, hospice: 2%, left_against_advice: 8%}
      rounds:
        - {measures: [lactate]}
        - {in: [icu], every: 6 hours, orders: {blood_gas: {}}}
  stroke_unit:
    class: inpatient
    rate: 0.5 per year
    stay: {units: [stroke_unit_bed], course: [{stroke_unit_bed -> discharged: {after: 3..20 days}}]}
  check_up: {class: ambulatory, every: 1 month}
pathways:
  sepsis_bundle:
    steps:
      - give: [{treatment: piperacillin, dose: 4.5 g}]
      - wait: 3 hours
      - if: last lactate > 4 mmol/L
        then: [{record: {icd10cm: R65.21}, title: septic shock}]
        else: [{note: no shock}, {give: [piperacillin]}]
  antibiotics:
    start: {on: [sepsis_admission.admitted]}
    steps:
      - follow: sepsis_bundle
      - repeat: {until: last lactate < 2 mmol/L, times: 12, every: 8 hours}
        steps: [{give: [{treatment: piperacillin, dose: 4.5 g}]}]
    stop: [{on: sepsis_admission.discharged}]
"""

TRANSPLANT = """
diseases:
  kidney_failure:
    onset: {rate: 0.3 per year}
    states: [failed, transplanted, rejecting]
    course:
      - failed -> transplanted: {on: transplantation.done}
      - transplanted -> rejecting: {rate: 0.4 per year, multiplied: [{by: 0.3, while: on tacrolimus}]}
      - rejecting -> transplanted: {on: methylprednisolone.given, probability: 60%}
      - rejecting -> failed: {rate: 1 per year}
    diagnosis: [{on: kidney_failure.onset, after: 1..6 weeks, visit: nephrology}]
measurements:
  creatinine:
    codes: {loinc: 2160-0}
    unit: mg/dL
    plausible: 0.2..20
    value:
      mean: 1.1
      noise: 0.1
      shift: [{by: 5, while: "kidney_failure in [failed]"}, {by: 1.5, while: "kidney_failure in [rejecting]"}]
procedures:
  transplantation: {codes: {icd10pcs: 0TY00Z0}, duration: "normal(4 hours, 30 minutes)"}
  biopsy: {finds: {rejection: {if: "kidney_failure in [rejecting]", probability: 85%}}}
treatments:
  tacrolimus: {codes: {rxnorm: "42316"}, stop: [{rate: 0.1 per year}]}
  methylprednisolone: {codes: {rxnorm: "6902"}}
care:
  nephrology: {class: ambulatory, measures: [creatinine]}
  transplant_ward:
    class: inpatient
    does: [transplantation]
    stay: {units: [ward], course: [{ward -> discharged: {after: "gamma(mean=9 days, shape=4)"}}]}
pathways:
  transplant:
    start: {when: kidney_failure diagnosed, delay: "exponential(1 year)"}
    steps:
      - visit: transplant_ward
      - start: tacrolimus
      - wait_for: transplant_ward.discharged
      - repeat: {every: 1 month ± 3 days}
        steps:
          - visit: nephrology
          - if: last creatinine > 2 mg/dL
            then:
              - do: biopsy
              - if: last biopsy == rejection
                then:
                  - repeat: {times: 3, every: 1 day}
                    steps: [{give: [{treatment: methylprednisolone, dose: 500 mg}]}]
                else: [{refer: {to: second_opinion, wait: 1..2 weeks}}]
"""
TRANSPLANT = TRANSPLANT.replace(
    "  transplant_ward:", "  second_opinion: {class: ambulatory}\n  transplant_ward:", 1
)

ASTHMA = """
diseases:
  asthma:
    onset: {rate: 0.5 per year}
    states: [present]
    events:
      exacerbation:
        codes: {icd10cm: J45.901}
        rate: 1.5 per year
        multiplied: [{by: 0.6, while: on low_dose_ics}, {by: 0.3, while: on ics_laba}]
    diagnosis: [{on: asthma.onset, after: 1..6 months, visit: gp}]
treatments:
  low_dose_ics: {codes: {rxnorm: "19831"}, adherence: "beta(6, 4)"}
  ics_laba: {codes: {rxnorm: "284635"}}
care:
  gp: {class: ambulatory}
  asthma_review: {class: ambulatory}
pathways:
  stepwise:
    start: {when: asthma diagnosed}
    repeat: {every: 3 months ± 1 week}
    steps:
      - visit: asthma_review
      - if: count of asthma.exacerbation in last 3 months >= 1
        then:
          - if: on low_dose_ics
            then: [{stop: low_dose_ics}, {start: ics_laba, name: step_up}]
            else: [{start: low_dose_ics}]
        else:
          - if: on ics_laba and not count of asthma.exacerbation in last 9 months >= 1
            then: [{stop: ics_laba}, {start: low_dose_ics, name: step_down}]
care_plans:
  asthma_plan:
    for: asthma diagnosed
    at: [asthma_review]
    probability: 60%
    activities: [Check inhaler technique, Avoid triggers]
    goals: {controlled: count of asthma.exacerbation in last 12 months < 1}
    until: {after: 2 years}
"""

OPIOIDS = """
diseases:
  back_pain:
    onset: {rate: 0.6 per year}
    states: [present]
    diagnosis: [{on: back_pain.onset, after: 1..3 weeks, visit: gp}]
treatments:
  morphine: {codes: {rxnorm: "7052"}}
care:
  gp: {class: ambulatory}
pathways:
  taper:
    start: {when: back_pain diagnosed, delay: 6..12 months, uptake: 60%}
    again: 2 years
    repeat: {times: 9, every: 4 weeks}
    steps:
      - visit: gp
      - choose:
          - share: 75%
            then: [{give: [{treatment: morphine, dose: 100 mg * 0.9}]}]
          - share: 15%
            then: [{note: withdrawal; dose held}, {postpone: 2 weeks, at_most: once}]
          - share: 10%
            then:
              - wait_until: time since taper.started > 200 days
                at_most: 2 months
                otherwise: [{end: stopped}]
    stop: [{rate: 0.3 per year}]
"""

TEXTS = {
    "chemotherapy": PEOPLE.replace("AGE", "age: 50..70 years, sex: {male: 0%, female: 100%}") + CHEMOTHERAPY,
    "colonoscopy": PEOPLE.replace("AGE", "age: 45..76 years").replace("2018", "2040") + COLONOSCOPY,
    "sepsis": PEOPLE.replace("AGE", "age: 30..90 years") + SEPSIS,
    "transplant": PEOPLE.replace("AGE", "age: 20..60 years") + TRANSPLANT,
    "asthma": PEOPLE.replace("AGE", "age: 5..40 years") + ASTHMA,
    "opioids": PEOPLE.replace("AGE", "age: 30..60 years") + OPIOIDS,
}
