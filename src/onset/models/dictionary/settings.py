"""The settings of dictionaries. Separate from the model, so that reading config needs no torch."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from onset.settings import NonNegativeFloat, Once, PositiveFloat, PositiveInt
from onset.settings import Settings as BaseSettings

Kind = Literal["l1", "topk", "batch_topk", "jump_relu", "matryoshka"]


class Settings(BaseSettings):
    """The kind, the width, and how sparse; one dictionary for each degree of sparsity, trained at once.

    All kinds have directions of unit norm. They differ in which latents are active and what is paid for
    it: `l1` are all above zero, and their sum is paid for (Cunningham et al. 2023, arXiv:2309.08600);
    `topk` are the k largest of each example (Gao et al. 2024, arXiv:2406.04093), `batch_topk` the k
    largest per example of all examples together (Bussmann et al. 2024, arXiv:2412.06410), `jump_relu`
    those above a threshold that each latent learns, and their number is paid for (Rajamanoharan et al.
    2024, arXiv:2407.14435); `matryoshka` is `batch_topk` of which the first latents alone, too, are to
    reconstruct (Bussmann et al. 2025, arXiv:2503.17547).
    """

    name: Literal["dictionary"]
    kind: Kind
    n_latents: PositiveInt = 256
    sparsities: Annotated[tuple[PositiveFloat, ...], Strict(False), Field(min_length=1)]
    """one dictionary per entry: k, or the weight of the penalty (`l1`, `jump_relu`)"""
    nested: Annotated[tuple[PositiveInt, ...], Strict(False), Once] = ()
    """`matryoshka`: sizes of the prefixes of latents that must reconstruct alone; all always must"""
    revival: NonNegativeFloat = 0.0
    """price of the error that latents silent in the whole batch leave of what the others left (the
    auxiliary loss of Gao et al. 2024, appendix A.2, of all silent latents in place of some)"""
    bandwidth: PositiveFloat = 0.1
    """`jump_relu`: width of the kernel by which thresholds get a gradient"""
    initial_threshold: PositiveFloat = 0.1
    """`jump_relu`"""

    @property
    def prefixes(self) -> tuple[int, ...]:
        """Numbers of first latents that are to reconstruct, all of them last."""
        return (*self.nested, self.n_latents)

    @property
    def of_batch(self) -> bool:
        """Whether the active latents are chosen from all examples of a batch together."""
        return self.kind in ("batch_topk", "matryoshka")

    @property
    def ks(self) -> tuple[int, ...]:
        """Active latents per example of each dictionary, of kinds that have such a number."""
        return tuple(map(int, self.sparsities))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if bool(self.nested) != (self.kind == "matryoshka"):
            raise ValueError("nested belongs to the kind matryoshka, which needs it")
        if list(self.prefixes) != sorted(set(self.prefixes)):
            raise ValueError(f"nested must grow, and stay below n_latents: {list(self.nested)}")
        odd = [k for k in self.sparsities if k % 1 or k > self.n_latents]
        if odd and self.kind not in ("l1", "jump_relu"):
            given = ", ".join(f"{k:g}" for k in odd)
            raise ValueError(
                f"sparsities: {given}: must be whole numbers of active latents, "
                f"at most n_latents ({self.n_latents})"
            )
        return self


def shapes(settings: Settings, d_in: int, d_out: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all parameters."""
    n, width = len(settings.sparsities), settings.n_latents
    found = {
        "decoder.weight": (n, width, d_in),
        "decoder.bias": (n, d_in),
        "encoder.weight": (n, d_in, width),
        "encoder.bias": (n, width),
    }
    if settings.kind == "jump_relu":
        found["log_threshold"] = (n, width)
    if settings.of_batch:
        found["threshold"] = (n,)
    return found
