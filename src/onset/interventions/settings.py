"""What is done to a model before or during training, and which other runs it uses."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from onset.settings import Name, NonNegativeInt, Once, PositiveInt, Settings


class SourceSettings(Settings):
    """Finished runs to take parts from, or that determine what to remove."""

    condition: Name
    study: Name | None = None
    """None: the same study"""
    seeds_on: Annotated[tuple[NonNegativeInt, ...], Strict(False), Field(min_length=1), Once] = (0,)
    """how many places their seeds are after the run's own in the condition's list, which goes round; 0:
    the same seed"""


class _Intervention(Settings):
    source: SourceSettings
    before_step: NonNegativeInt = 0
    """the update right before which it happens; 0: at initialisation"""
    null: bool = False
    """a control: as many others of the kind, chosen at random, instead"""

    @property
    def is_of_all_sources(self) -> bool:
        """Whether it looks at every run of the source; else at the first."""
        return False


class TransplantSettings(_Intervention):
    """Attention heads of other runs in place of the run's own."""

    name: Literal["transplant"]
    heads: Literal["previous_token", "induction", "pair", "least_inductive"]
    """which, as the sources' last checkpoints tell: the one that looks most at previous tokens; the one
    that looks most after duplicates; both; or, for each layer, as many as there is room for that look
    least at either"""
    step: NonNegativeInt | None = None
    """the checkpoint of the sources to take them from; None: the last"""
    embeddings: bool = False
    """whether to take the embeddings and readout of the first source, too"""

    @property
    def is_of_all_sources(self) -> bool:
        """Only the choice of as many heads as there is room for is of several runs."""
        return self.heads == "least_inductive"


class RemovalSettings(_Intervention):
    """Entries of the parameters that are set to zero, and kept there from then on."""

    name: Literal["removal"]
    what: Literal["pair", "largest"]
    """heads, as the source's last checkpoint tells; or the entries of matrices that are largest there"""
    fraction: Annotated[float, Field(gt=0, lt=1)] | None = None
    """`largest`: of each matrix"""

    @model_validator(mode="after")
    def _a_fraction_of_the_largest(self) -> Self:
        if (self.what == "largest") != (self.fraction is not None):
            raise ValueError("`largest` needs a fraction, and nothing else does")
        return self


class GraftSettings(_Intervention):
    """What the training of a source changed, from its first checkpoint to its last, added."""

    name: Literal["graft"]
    parameters: Annotated[tuple[str, ...], Strict(False), Field(min_length=1), Once] = ("*",)
    """names, or patterns with * for anything, of the parameters that are changed"""
    taken_back: bool = False
    """whether it is subtracted instead: from the source's own end, that leaves its beginning"""


class PlantingSettings(_Intervention):
    """Frequencies that the embeddings of numbers are left with; the null has none of the source's."""

    name: Literal["planting"]
    frequencies: PositiveInt
    """how many"""
    shared: NonNegativeInt | None = None
    """so many of them are those that the source's logits have most of at its end, the others are drawn at
    random from the rest; None: all"""

    @property
    def n_shared(self) -> int:
        """How many are the source's."""
        if self.null:
            return 0
        return self.frequencies if self.shared is None else self.shared

    @model_validator(mode="after")
    def _no_more_than_there_are(self) -> Self:
        if self.null and self.shared is not None:
            raise ValueError("the null shares none: leave out `shared`")
        if self.n_shared > self.frequencies:
            raise ValueError(f"shared: no more than the {self.frequencies} that are planted")
        return self


InterventionSettings = Annotated[
    TransplantSettings | RemovalSettings | GraftSettings | PlantingSettings,
    Field(discriminator="name"),
]
