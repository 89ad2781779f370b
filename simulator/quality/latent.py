"""Checks of the latent truth."""

from __future__ import annotations

import numpy as np

from simulator.quality.knowledge import Knowledge
from simulator.quality.report import instant_text
from simulator.quality.shard import Shard, is_word, word


def check_truth(shard: Shard, known: Knowledge) -> None:
    """V56–V60: known states, unbroken chains, inside life, nothing leaves an absorbing state, sorted.

    V69: deaths and their causes agree.
    """
    truth, subjects, tally = shard.truth, shard.subjects, shard.tally
    subject, time, row = truth.subject, truth.time, truth.subject_row

    def shown(i: int) -> str:
        return f"{word(truth.process, i)}: {word(truth.from_, i)} -> {word(truth.to, i)}"

    legal = np.zeros(len(truth), dtype=np.bool_)
    for name, states in shard.vocabulary.processes:
        here = is_word(truth.process, name)
        names = dict.fromkeys(states, 0)
        legal |= here & (truth.from_.among(names) == 0) & (truth.to.among(names) == 0)
    tally.rows("V56", ~legal, subject, time, shown)

    order = np.lexsort((np.arange(len(truth)), truth.process.index, subject))
    same = (subject[order][1:] == subject[order][:-1]) & (
        truth.process.index[order][1:] == truth.process.index[order][:-1]
    )
    from_ = truth.from_.among({w: i for i, w in enumerate(truth.from_.words)})
    to = truth.to.among({w: i for i, w in enumerate(truth.from_.words)})
    broken = np.zeros(len(truth), dtype=np.bool_)
    broken[order[1:][same & (to[order][:-1] != from_[order][1:])]] = True
    tally.rows("V57", broken, subject, time, shown)

    life_end = subjects.end_of_life[row]
    outside = (time < subjects.birth[row]) | (time > life_end)
    tally.rows("V58", outside, subject, time, lambda i: f"{shown(i)}, life ends {instant_text(life_end[i])}")

    for process, states in known.absorbing.items():
        final = truth.from_.among(dict.fromkeys(states, 0)) == 0
        tally.rows("V59", is_word(truth.process, process) & final, subject, time, shown)

    unsorted = np.zeros(len(truth), dtype=np.bool_)
    unsorted[1:] = (subject[1:] < subject[:-1]) | ((subject[1:] == subject[:-1]) & (time[1:] < time[:-1]))
    tally.rows("V60", unsorted, subject, time, shown)

    _check_deaths(shard)


def _check_deaths(shard: Shard) -> None:
    """V69: a death by a transition that truth tells of has that row; who enters death, dies then."""
    truth, subjects, tally = shard.truth, shard.subjects, shard.tally
    cause = truth.cause.among({name: i for i, name in enumerate(subjects.death_cause.words)})
    told = np.zeros(len(subjects.death_cause.words) + 1, dtype=np.bool_)
    told[cause[cause >= 0]] = True
    of = np.append(subjects.death_cause.index, -1)
    dies = (cause >= 0) & (cause == of[truth.subject_row]) & (truth.time == subjects.death[truth.subject_row])
    untold = told[of[:-1]] & (of[:-1] >= 0) & subjects.first_mention
    untold[truth.subject_row[dies]] = False
    tally.rows(
        "V69", untold, subjects.id, subjects.death[:-1],
        lambda i: f"dies by {word(subjects.death_cause, i)}, of which truth knows nothing",
    )  # fmt: skip
    deadly = [
        name for name, states in shard.vocabulary.processes if name == "mortality" or "absent" in states
    ]
    enters = is_word(truth.to, "dead") & (truth.process.among(dict.fromkeys(deadly, 0)) == 0)
    survived = enters & (truth.subject_row >= 0) & (truth.time != subjects.death[truth.subject_row])
    tally.rows("V69", survived, truth.subject, truth.time, lambda i: f"{word(truth.cause, i)}, yet lives on")
