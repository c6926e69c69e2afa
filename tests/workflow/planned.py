"""What a dry run of the tiny study announces, in sets of jobs."""

import itertools

CONDITIONS = ("plain", "fast", "child")


def pages(study: str) -> set[str]:
    return {f"notebook_{study}", f"pages_{study}", "front_page"}


def told(stages: str, study: str = "tiny") -> set[str]:
    """The jobs that write down what jobs about many conditions are told."""
    return {f"settings {study}/{stage}" for stage in stages.split()}


PAGES = pages("tiny")
AFTER_MEASURES = {"summarise tiny", *PAGES}
"""What comes together from the measures and analyses of all runs of the study."""
REDRAWN = {*PAGES, "notebook_atlas", "pages_atlas"}
TOLD_CODE = told("notebook") | told("notebook", "atlas")
"""Notebooks stamp what they make with their code."""
ATLAS = {"collect_atlas tiny", "combine_atlas", "notebook_atlas", "pages_atlas"}
VIEWS = {"views_tiny"}
"""Of the first seed alone."""
AFTER_RUNS = {*AFTER_MEASURES, *ATLAS, *VIEWS}
"""What comes together from all their checkpoints as well."""
AFTER_TRAINER = {*AFTER_RUNS, *told("notebook")}
"""A notebook can draw the batches of a training again, by the trainer's code."""
OF_RUNS = told("notebook pages summarise") | told("collect_tiny", "atlas")
"""Which runs there are is told to all that look at several."""
OF_CONDITIONS = {*OF_RUNS, *told("combine", "atlas"), *told("views")}
"""Which conditions there are, and what they are called."""


def jobs(
    rules: str, conditions: tuple[str, ...] = CONDITIONS, seed: int = 0, study: str = "tiny"
) -> set[str]:
    """Jobs of several rules and conditions, such as `train tiny/plain/0`."""
    return {
        f"{rule} {study}/{name}/{seed}"
        for rule, name in itertools.product(rules.split(), conditions)
    }


def with_a_paper(project) -> None:
    """A finished paper, of which the files are empty, so that no LaTeX is needed."""
    project.set(project.config, "paper", True)
    folder = project.root / "results/paper"
    (folder / "settings").mkdir(parents=True)
    (folder / "settings/paper.json").touch()
    project.write_on_record(folder, "paper", "paper.pdf")
    project.take_for_done()
