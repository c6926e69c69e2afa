"""How a person, or a notebook, reads what was produced.

from onset.results import open_run, open_study

run = open_run("composition", "shared_per_hop", seed=0)
run.bridge().run_with_cache(...)         # the final model in TransformerLens
run.bridge()(run.tokens("e3 r1 r2"))     # asked a sequence of one's own
open_study("composition").measures       # every measurement of every run, tidy
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from torch import Tensor

from onset import models, readable
from onset.artefacts import (
    check_run,
    check_source,
    checksum,
    read_checkpoint,
    read_checkpoint_index,
    read_dataset,
)
from onset.figures.save import save_figure, save_table
from onset.latex.markup import check_table, numbers_json
from onset.models.batch import AnyModel
from onset.store.atomic import write_text
from onset.store.layout import ELSEWHERE, RunFolder, results_with
from onset.store.origin import Origin
from onset.store.reading import read_yaml
from onset.store.records import check
from onset.store.tables import load_table
from onset.summary import summary_of_seeds
from onset.tasks.dataset import Dataset
from onset.tasks.worlds import World

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge


@dataclass(frozen=True)
class Run:
    """One condition at one seed, as it lies on disk."""

    path: Path

    @property
    def folder(self) -> RunFolder:
        return RunFolder(self.path)

    @property
    def condition(self) -> str:
        return self.path.parent.name

    @property
    def seed(self) -> int:
        return self.folder.seed

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Everything that the run was made with, defaults spelled out."""
        found: dict[str, Any] = {}
        for stage in ("dataset", "training", "measures", "analyses"):
            path = self.folder.settings(stage)
            if path.exists():
                found |= read_yaml(path)
        return found

    @cached_property
    def dataset(self) -> World:
        return read_dataset(self.folder)

    @cached_property
    def steps(self) -> list[int]:
        """The steps at which there are checkpoints."""
        return read_checkpoint_index(self.folder)["steps"]

    @cached_property
    def model(self) -> AnyModel:
        """The architecture; its functions take `parameters`."""
        return models.build(self.settings["model"], *self.dataset.sizes)

    def parameters(self, step: int | None = None) -> dict[str, Tensor]:
        """Those of a checkpoint, by default the last."""
        step = self.steps[-1] if step is None else step
        if step not in self.steps:
            raise ValueError(
                f"{self.folder.run} has no checkpoint at step {step}; there are: {self.steps}"
            )
        return read_checkpoint(self.folder, step)

    def bridge(
        self, step: int | None = None, n_applications: int | None = None
    ) -> TransformerBridge:
        """A checkpoint (by default the last) in TransformerLens, with all its hooks and tools.

        Args:
            step: of the checkpoint.
            n_applications: how many block applications to unroll, by default all. A model that is
                read out per hop answers a question of h hops after h of them.

        The bridge of a pretrained model takes its own vocabulary: `run.model.in_vocabulary(tokens)`.

        Raises:
            ValueError: it is no transformer, or there is no such checkpoint.
        """
        with warnings.catch_warnings():
            # TransformerLens draws progress bars with tqdm, which misses widgets for them in a notebook.
            warnings.filterwarnings("ignore", "IProgress not found")
            return models.open_bridge(self.model, self.parameters(step), n_applications)

    def tokens(self, text: str) -> Int[Tensor, "1 length"]:
        """A sequence of readable names, to be asked: `run.bridge()(run.tokens("e3 r1"))`.

        Raises:
            ValueError: the world has no tokens, or none of such a name (the nearest are listed), or the
                sequence is too long for the model.
        """
        return readable.tokens_of(text, self.model, self._vocabulary)

    def likeliest(self, logits: Float[Tensor, " tokens"], most: int = 5) -> pd.DataFrame:
        """What the bridge's logits at one position say: `answer` and `probability`, the likeliest first.

        Raises:
            ValueError: the world has no tokens.
        """
        return readable.likeliest(logits, self.model, self._vocabulary, most)

    @property
    def _vocabulary(self) -> Sequence[str]:
        if self.dataset.kind != Dataset.kind:
            raise ValueError(f"{self.folder.run} is about {self.dataset.kind}, which have no names")
        return self.dataset.vocabulary

    @cached_property
    def training_log(self) -> pd.DataFrame:
        """Every update: step, loss, learning_rate, gradient_norm."""
        return self._table(self.folder.training_log)[0]

    @cached_property
    def measures(self) -> pd.DataFrame:
        """Every measurement: step, measure, value, split, layer, head, position, component."""
        return self._measurements(self.folder.measures)

    @cached_property
    def analyses(self) -> pd.DataFrame:
        """What the closer looks found, in the columns of `measures`."""
        return self._measurements(self.folder.analyses)

    def _measurements(self, path: Path) -> pd.DataFrame:
        table, origin = self._table(path)
        check_source(path, origin, self.folder.checkpoint_index)
        return table

    def _table(self, path: Path) -> tuple[pd.DataFrame, Origin]:
        table, origin = load_table(path)
        check_run(self.folder, path, origin)
        return table, origin


class Found(NamedTuple):
    """What we find of a published quantity: mean over seeds and interval, and whether it agrees."""

    ours: float
    low: float
    high: float
    agrees: bool | None
    """None: our numbers don't decide"""

    @classmethod
    def beyond(cls, values: pd.Series, border: float = 0.0, sign: int = 1) -> Found:
        """Of what is said to be above a border, or below it with the sign −1.

        It agrees if the whole interval is there, and not if it is on the other side; a border of NaN leaves
        it open.

        Args:
            values: one per seed.
            border: in the unit of the values.
            sign: 1 or −1.
        """
        its = summary_of_seeds(values)
        ends = sign * (np.array([its.low, its.high]) - border)
        return cls(*its, True if (ends > 0).all() else False if (ends < 0).all() else None)


@dataclass(frozen=True)
class Study:
    """All runs of a study."""

    folder: Path
    conditions: Sequence[str]
    seeds: Sequence[int]
    code: str = "by hand"
    """fingerprint of the code that reads the study, for the provenance of figures"""
    analysed: Sequence[str] = ()
    """the conditions that are looked at more closely"""
    extra_seeds: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """seeds that single conditions are run with beside"""

    def run(self, condition: str, seed: int) -> Run:
        return Run(self.folder / condition / f"seed_{seed}")

    @property
    def runs(self) -> list[Run]:
        return [
            self.run(condition, seed)
            for condition in self.conditions
            for seed in dict.fromkeys((*self.seeds, *self.extra_seeds.get(condition, ())))
        ]

    @cached_property
    def measures(self) -> pd.DataFrame:
        """The measurements of all runs, with the columns condition and seed in front."""
        return self._gathered({run: run.measures for run in self.runs})

    @cached_property
    def analyses(self) -> pd.DataFrame:
        """What the closer looks found, in the columns of `measures`."""
        return self._gathered(
            {run: run.analyses for run in self.runs if run.condition in self.analysed}
        )

    @property
    def _tables(self) -> list[Path]:
        """The files that measurements are read from."""
        analysed = [run for run in self.runs if run.condition in self.analysed]
        return [run.folder.measures for run in self.runs] + [
            run.folder.analyses for run in analysed
        ]

    @staticmethod
    def _gathered(tables: Mapping[Run, pd.DataFrame]) -> pd.DataFrame:
        named = []
        for run, of_run in tables.items():
            table = of_run.copy()
            table.insert(0, "condition", run.condition)
            table.insert(1, "seed", run.seed)
            named.append(table)
        return pd.concat(named, ignore_index=True) if named else pd.DataFrame()

    @cached_property
    def summary(self) -> pd.DataFrame:
        """condition, split, measure, n_seeds, mean, low, high at the last checkpoint."""
        path = self.folder / "summary.csv"
        check(path)
        return pd.read_csv(path, keep_default_na=False, na_values=[""])

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """What a figure of this study came from: settings, code, and inputs with their checksums."""
        first = self.seeds[0]
        return {
            "study": self.folder.name,
            "seeds": list(self.seeds),
            **({"extra_seeds": dict(self.extra_seeds)} if self.extra_seeds else {}),
            "settings": {name: self.run(name, first).settings for name in self.conditions},
            "code": self.code,
            "inputs": {str(path.relative_to(self.folder)): checksum(path) for path in self._tables},
        }

    def save_figure(self, figure: Figure, name: str, data: pd.DataFrame) -> None:
        """Keep a figure of this study, with exactly the data it shows."""
        save_figure(figure, self.folder / "figures" / name, data, self.provenance)

    def save_table(self, table: pd.DataFrame, name: str, latex: str) -> None:
        """Keep a table of this study, as data and as it is to be typeset.

        Raises:
            ValueError: the LaTeX is more than a tabular (`onset.latex.markup`).
        """
        check_table(latex)
        save_table(table, self.folder / "tables" / name, latex, self.provenance)

    def save_reference(
        self, published: Mapping[str, Mapping[str, str]], ours: Mapping[str, Found]
    ) -> pd.DataFrame:
        """Keep `reference.csv`: what the literature says, and what we find.

        Args:
            published: name → quantity, published, source, from the study's file.
            ours: name → what we find of it.

        Returns:
            The table: quantity, published, source, ours, low, high, agrees.

        Raises:
            ValueError: something published has nothing beside it, or the other way round.
        """
        if published.keys() != ours.keys():
            odd = sorted(published.keys() ^ ours.keys())
            raise ValueError(f"published or found, but not both: {', '.join(odd)}")
        said = {True: "yes", False: "no", None: "undecided"}
        rows = [
            {**published[name], **its._asdict(), "agrees": said[its.agrees]}
            for name, its in ours.items()
        ]
        table = pd.DataFrame(rows, columns=["quantity", "published", "source", *Found._fields])
        text = table.to_csv(index=False, float_format="%.4g")
        write_text(self.folder / "reference.csv", text)
        return table

    def save_numbers(self, numbers: Mapping[str, str]) -> None:
        """Keep the numbers that the paper's text quotes, as they are to be typeset.

        Raises:
            ValueError: a number, or its name, holds more of TeX than one may (`onset.latex.markup`).
        """
        write_text(self.folder / "numbers.json", numbers_json(numbers))


def open_run(study: str, condition: str, seed: int, results: str | Path = "results") -> Run:
    """One run by name.

    Raises:
        FileNotFoundError: there is no such run; the message lists those there are.
    """
    results = results_with(study, results)
    path = results / study / condition / f"seed_{seed}"
    if not path.is_dir():
        there = sorted(str(p.relative_to(results)) for p in results.glob("*/*/seed_*"))
        known = f"there are: {', '.join(there)}" if there else f"there are none; {ELSEWHERE}"
        raise FileNotFoundError(f"no run {path}; {known}")
    return Run(path)


def open_study(
    study: str,
    results: str | Path = "results",
    conditions: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    code: str = "by hand",
    analysed: Sequence[str] | None = None,
    extra_seeds: Mapping[str, Sequence[int]] | None = None,
) -> Study:
    """A study by name, with all conditions, seeds and analyses found on disk unless some are asked for.

    On disk, the study's seeds are those that every condition has; others are a condition's `extra_seeds`.

    Raises:
        FileNotFoundError: there are no results of that study.
    """
    folder = results_with(study, results) / study
    found = sorted(folder.glob("*/seed_*/measures.parquet"))
    if not found:
        raise FileNotFoundError(f"no evaluated runs in {folder}; {ELSEWHERE}")
    if conditions is None:
        conditions = list(dict.fromkeys(path.parts[-3] for path in found))
    there = {
        name: {int(p.parts[-2].removeprefix("seed_")) for p in found if p.parts[-3] == name}
        for name in conditions
    }
    if seeds is None:
        seeds = sorted(set.intersection(*there.values()))
        if extra_seeds is None:
            extra_seeds = {
                n: sorted(its - set(seeds)) for n, its in there.items() if its - set(seeds)
            }
    if analysed is None:
        looked_at = {path.parts[-3] for path in folder.glob("*/seed_*/analyses.parquet")}
        analysed = [name for name in conditions if name in looked_at]
    return Study(
        folder, tuple(conditions), tuple(seeds), code, tuple(analysed), dict(extra_seeds or {})
    )
