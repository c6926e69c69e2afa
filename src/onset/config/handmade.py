"""What is wrong with a model that is to be made by hand, as far as settings show."""

from __future__ import annotations

from collections.abc import Iterator

from onset import handmade
from onset.config.problems import nearest
from onset.config.quantities import literals_in
from onset.config.study_file import ConditionFile
from onset.tasks.worlds import AnyTaskSettings


def unfit_handmade(its_file: ConditionFile, task: AnyTaskSettings) -> Iterator[tuple[str, str]]:
    """Why a condition's training can't begin with it: key below `handmade`, and message.

    Whether its model is large enough is seen when it is made.
    """
    its = its_file.handmade
    if its is None:
        return
    if its.name not in (there := handmade.names()):
        yield "name", f"nothing made by hand is called {its.name!r}; {nearest(its.name, there)}"
        return
    says = literals_in(handmade.CATALOGUE.source(its.name), ("STEPS", "TASK"))
    if its.up_to not in says["STEPS"]:
        yield "up_to", f"{its.name} has no step {its.up_to!r}; {nearest(its.up_to, says['STEPS'])}"
    elif its_file.parent:
        yield "", "a training begins with a model made by hand, or with a parent's; not with both"
    elif task.name != says["TASK"]:
        yield "name", f"{its.name} knows the task {says['TASK']}, and the task here is {task.name}"
