"""Where each artefact of a run is stored. The rules use the same names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ELSEWHERE = (
    "run this in the project's folder or below it, or let `results` be the full path to its results"
)
"""what to do where there are none"""


def results_with(name: str, results: str | Path) -> Path:
    """The folder of results with NAME in it, as seen from the current folder or from one above it.

    So a notebook finds its study where Snakemake runs it, and where it lies, in `results/STUDY`. Beyond the
    project's folder nothing is looked for; the path as given where nothing is found.
    """
    here = Path.cwd()
    for place in (here, *here.parents):
        if (place / results / name).is_dir():
            return Path(results) if place == here else place / results
        if (place / "Snakefile").is_file():
            break
    return Path(results)


@dataclass(frozen=True)
class RunFolder:
    """The folder `results/<study>/<condition>/seed_<n>`."""

    path: Path

    @property
    def run(self) -> str:
        """`study/condition/seed_n`: the run's name in messages and inside artefacts."""
        return "/".join(self.path.parts[-3:])

    @property
    def seed(self) -> int:
        return int(self.path.name.removeprefix("seed_"))

    @property
    def dataset(self) -> Path:
        return self.path / "dataset.safetensors"

    @property
    def training_log(self) -> Path:
        return self.path / "training.parquet"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def checkpoint_index(self) -> Path:
        return self.checkpoints / "index.json"

    def checkpoint(self, step: int) -> Path:
        return self.checkpoints / f"step_{step:07d}.safetensors"

    @property
    def training_state(self) -> Path:
        """Exists only while the run trains: what an interrupted training resumes from."""
        return self.path / "training_state.safetensors"

    @property
    def measures(self) -> Path:
        return self.path / "measures.parquet"

    @property
    def analyses(self) -> Path:
        return self.path / "analyses.parquet"

    def made_with(self, stage: str) -> Path:
        """What is there once a stage has ended, whose settings then are, too."""
        return {
            "dataset": self.dataset,
            "training": self.checkpoint_index,
            "measures": self.measures,
            "analyses": self.analyses,
        }[stage]

    def settings(self, stage: str) -> Path:
        """The settings that a stage's artefacts were made with."""
        return self.path / f"{stage}.yaml"
