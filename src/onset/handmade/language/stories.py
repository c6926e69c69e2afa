"""Stories told by hand: a one-layer transformer whose every weight follows from the grammar's rules.

Nothing is trained, and nothing is counted in stories. Each step adds parts to those before:

    bigram        no part at all: the last token's own direction is read out as the logarithms of how often
                  each token comes after it
    conjunctions  a head looks one place back; a neuron for each pair (token before, last token) after which
                  something else comes than after the last token alone
    topic         a head looks for the latest word that tells the topic; neurons for each topic raise its
                  words. What the last token itself tells of the topic, the head says now, so that the rest
                  goes by groups of tokens that have the same part of speech
    agreement     up to five places back, and up to three conditions: verbs with their subject, articles and
                  pronouns with what they stand before or for, marks with how their sentence began; and
                  whom the next sentence is about
    names         a head looks at all names, things and syllables that were told: these come again; and no
                  syllable comes twice in a song
    known         a head looks for the last token's own earlier appearances: of somebody who is new, the
                  surname is new, too, and of somebody known it isn't; and so for things and where they are
    subjects      whom the next sentence is about goes by one more place before the last one's end, too: who
                  was last named needn't be whom it was about. Trained models knew this before we did

The parts are in `topics`, `places` (conjunctions and agreement), `subjects`, `told` and `known`; how often
things come is in `often` and `windows`, which conditions make a difference in `contexts`.
"""

from __future__ import annotations

import numpy as np

from onset.handmade.blueprint import Blueprint
from onset.handmade.language.contexts import contexts, following_group
from onset.handmade.language.known import add_known
from onset.handmade.language.often import Often
from onset.handmade.language.places import add_contexts, log_chances
from onset.handmade.language.subjects import add_subjects, ended
from onset.handmade.language.told import add_sung, add_told
from onset.handmade.language.topics import add_topics
from onset.handmade.language.windows import Windows
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.tasks.language.grammar import Grammar
from onset.tasks.language.stories import Settings
from onset.tasks.language.teller import Laws

STEPS = ("bigram", "conjunctions", "topic", "agreement", "names", "known", "subjects")
TASK = "stories"


def made(up_to: str, task: Settings, model: Transformer) -> Parameters:
    """The parameters after a step.

    Args:
        up_to: the last of `STEPS` that is done.
        task: settings of the stories.
        model: one layer of ReLUs, without norms, and large enough.

    Raises:
        ValueError: the model isn't; the message says what is needed.
    """
    return blueprint(up_to, task.grammar, task.laws, task.length).parameters(model)


def blueprint(up_to: str, grammar: Grammar, laws: Laws, length: int) -> Blueprint:
    """The parts, by name.

    Args:
        up_to: the last of `STEPS` that is done.
        grammar: of the stories.
        laws: of their world.
        length: of the stories, in tokens.
    """
    done = STEPS[: STEPS.index(up_to) + 1]
    often = Often(grammar, laws, length)
    windows = Windows(often)
    after_group = following_group(windows)
    if "topic" in done:
        group = windows.group
        sizes = np.bincount(group).astype(float)
        after = log_chances(after_group, sizes)[group][:, group] + np.log(windows.within)
    else:
        after = log_chances(often.bigram)
    its = Blueprint(after, length)
    if "agreement" in done:
        ends = {int(windows.group[token]) for token in np.flatnonzero(grammar.ends)}
        found = [one for one in contexts(windows) if not one.conditions[0][1] <= ends]
        ends_of = ended(windows, divided="subjects" in done)
        also = [one.condition for one in ends_of if one.condition]
        add_contexts(its, windows, found, after_group, also)
        add_subjects(its, windows, ends_of, after_group)
    elif "conjunctions" in done:
        add_contexts(its, windows, contexts(windows, back=(1,), most=1), after_group)
    if "topic" in done:
        add_topics(its, often)
    if "names" in done:
        add_sung(its, often)
        add_told(its, often)
    if "known" in done:
        add_known(its, often)
    return its
