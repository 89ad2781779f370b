"""Scenarios in the words of diseases: symptoms, courses, wrong diagnoses, constraints."""

from __future__ import annotations

PEOPLE = """format: 1
id: drawn
population: {size: 40, from: 2000-01-01, to: 2012-01-01, age: 45 years, history: from birth}
"""

COPD = """
attributes:
  smoker:
    draw: {never: 20%, former: 10%, current: 70%}
    codes: {loinc: 72166-2}
    changes:
      - current -> former: {rate: 0.04 per year}
      - former -> current: {rate: {per: year, by: age, table: {0..39 years: 0.1, 40.. years: 0.05}}}
  insurance: {draw: {insured: 80%, uninsured: 20%}}
progressions:
  decline:
    parameters: {speed: 0.1 per year, deadly: 0.05 per year}
    states: [mild, severe]
    course:
      - mild -> severe: {rate: speed, multiplied: [{by: 2, while: time since disease.onset > 5 years}]}
    death:
      severe: {rate: deadly}
diseases:
  copd:
    codes: {icd10cm: J44.9}
    onset: {rate: 0.01 per year, multiplied: [{by: 10, while: smoker == current}]}
    follows: {progression: decline, with: {speed: 0.2 per year}}
    symptoms:
      dyspnoea:
        codes: {hpo: "HP:0002094"}
        frequency: 70%
        onset: 0..2 years
        rate: 2 per year
        lasts: 3..10 days
        severity:
          by: [copd, severity]
          table:
            mild: {mild: 60%, moderate: 30%, severe: 10%}
            severe: {mild: 30%, moderate: 30%, severe: 40%}
        course:
          - mild -> severe: {rate: 10 per year}
          - severe -> absent: {after: 5 days}
        seeks_care:
          severe:
            visit: emergency
            probability: {by: insurance, table: {insured: 90%, uninsured: 50%}}
            after: 0..1 days
          moderate: gp
        recorded_at: [gp, {care: emergency, probability: 50%}]
      cough: {lasts: 1..9 years}
    phenotypes:
      clubbing: {hpo: "HP:0001217", frequency: 40%, onset: 0..5 years, recorded_at: [gp]}
    events:
      exacerbation:
        codes: {icd10cm: J44.1}
        rate: {per: year, by: copd, table: {mild: 0.5, severe: 1.5}}
        lasts: 1..2 weeks
        severity: {moderate: 80%, severe: 20%}
        refractory: 1 month
        at_most: 3
        fatal: 3%
        complications:
          pneumonia: {codes: {icd10cm: J18.9}, probability: 20%, after: 1..3 days}
          rib_fracture: {probability: 5%, if: age >= 40 years}
    diagnosis:
      - at: [gp]
        if: count of copd.dyspnoea.recorded >= 1
        mistaken_for: [{title: asthma, codes: {icd10cm: J45.909}, probability: 50%}]
      - {at: [gp], false_positive: 1%, refuted: 3..6 months, probability: 5%}
    stage: {at: [gp]}
treatments:
  drug:
    codes: {rxnorm: "1"}
    start: {when: copd diagnosed, uptake: 90%}
    stop: [{rate: 0.2 per year}]
    again: 1 year
    effects: [{hazard: "smoker.current -> former", by: 3}, {hazard: copd.dyspnoea, by: 0.5}]
  other:
    codes: {rxnorm: "2"}
    start: {when: copd diagnosed, delay: 0..3 years}
constraints:
  - {never: on drug and on other, because: they interact}
  - {never: on other and age >= 50 years}
care:
  gp: {class: ambulatory, every: 1 year}
  emergency: {class: emergency}
  ward: {class: inpatient, on: [copd.exacerbation.severe, copd.exacerbation.pneumonia]}
"""

APPENDICITIS = """
diseases:
  appendicitis:
    codes: {icd10cm: K35.80}
    onset: {rate: 0.2 per year}
    states: [acute, perforated]
    state_codes: {perforated: {icd10cm: K35.32}}
    course:
      - acute -> perforated:
          after:
            mixture: [{share: 30%, after: 1..3 days}, {share: 70%, after: "weibull(median=20 days, shape=2)"}]
      - acute -> absent: {after: {empirical: {1 day: 10%, 3 days: 50%, 10 days: 100%}}}
      - perforated -> absent: {after: {kaplan_meier: {5 days: 95%, 2 weeks: 40%, 6 weeks: 10%}}}
      - perforated -> absent: {rate: 1 per year}
    diagnosis:
      - on: appendicitis.onset
        after: 6..24 hours
        visit: emergency
        mistaken_for:
          - {title: gastroenteritis, codes: {icd10cm: A09}, probability: 25%, lasts: 1..2 days}
          - {title: constipation, codes: {icd10cm: K59.00}, probability: 25%}
  adhesions:
    onset:
      rate:
        per: year
        by: [age, time since appendicitis.resolved]
        table:
          0..29 years: {never: 0, 0..11 months: 0.5, 1.. years: 0.1}
          30.. years: {never: 0, 0..4 years: 0.3, 5.. years: 0.05}
    states: [present]
care:
  emergency: {class: emergency, rate: 2 per year}
  ward: {class: inpatient, on: [appendicitis.perforated]}
"""

GESTATIONAL = """
diseases:
  gdm:
    codes: {icd10cm: O24.410}
    onset: {rate: 0.5 per year}
    states: [present]
    course: [present -> absent: {after: 9 months}]
    diagnosis:
      - {at: [clinic], if: last glucose >= 110 mg/dL, probability: 80%, refuted: 1..6 months}
      - {on: clinic.visit, after: 2 weeks, visit: laboratory, if: last glucose >= 125 mg/dL, refuted: 1 year}
measurements:
  glucose:
    unit: mg/dL
    plausible: 40..400
    value: {mean: 100, between_patients: 10, noise: 8, shift: [{by: 30, while: gdm}]}
treatments:
  diet: {start: {when: gdm diagnosed}, stop: [{when: not gdm diagnosed}], again: 1 day}
care:
  clinic: {class: ambulatory, every: 3 months, measures: [glucose]}
  laboratory: {class: ambulatory, measures: [glucose]}
"""

TEXTS = {"copd": COPD, "appendicitis": APPENDICITIS, "gestational": GESTATIONAL}
