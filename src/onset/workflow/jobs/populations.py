"""What the rules ask about runs that are trained together."""

from __future__ import annotations

from types import SimpleNamespace

from onset.workflow.jobs.part import Part, Wildcards


class Populations(Part):
    """Jobs of several runs of a condition: on a GPU together they take hardly longer than one of them."""

    @property
    def all(self) -> list[list[Wildcards]]:
        """On a GPU: the runs of each condition, which are trained as one. Elsewhere none.

        Where there are interventions, each run is by itself.
        """
        if not self._project.settings.device.startswith("cuda"):
            return []
        found: list[list[Wildcards]] = []
        for study in self._project.studies:
            for name, seeds in self._project.runs(study).items():
                runs = [SimpleNamespace(study=study, condition=name, seed=str(s)) for s in seeds]
                alone = self._project.condition(study, name).interventions
                found += [[run] for run in runs] if alone else [runs]
        return found

    def name(self, population: list[Wildcards]) -> str:
        first = population[0]
        alone = (
            f"_{first.seed}"
            if self._project.condition(first.study, first.condition).interventions
            else ""
        )
        return f"{first.study}_{first.condition}{alone}"

    def folder(self, run: Wildcards) -> str:
        return self.run_folder(run.study, run.condition, run.seed)
