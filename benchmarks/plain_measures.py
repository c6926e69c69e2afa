"""All measures of the grokking study as a paper's reader would write them, from `run_with_cache`.

After Nanda et al. 2023 (arXiv:2301.05217) and Zhong et al. 2023 (arXiv:2306.17844), with TransformerLens
for whatever the model does and PyTorch's FFT for whatever is a wave. Nothing is taken from Onset's
measures, so that a test can hold one against the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge

from onset.models.batch import Parameters
from onset.models.transformer.bridge import open_bridge
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset

Place = tuple[str, str | None, int | None]
"""measure, split, component"""
_SPLITS = ("train", "test")
_EMBEDDING, _IN_BRIDGE = "tok_embed.weight", "embed.hook_out"


class PlainMeasures:
    """What doesn't depend on the checkpoint is made once."""

    def __init__(self, model: Transformer, dataset: Dataset, keys: Sequence[int]) -> None:
        self._model, self._keys = model, keys
        self._p = p = dataset.n_tokens - 1
        self._frequencies = range(1, (p - 1) // 2 + 1)
        a, b, c = torch.meshgrid(*3 * [torch.arange(p)], indexing="ij")
        self._pairs = torch.stack([a[..., 0], b[..., 0], torch.full((p, p), p)], -1).flatten(0, 1)
        angle = 2 * torch.pi / p
        cosines = [torch.cos(angle * k * (a + b - c)) for k in keys]
        self._cubes = torch.stack([wave / wave.norm() for wave in cosines]).flatten(1)
        sums = [wave(angle * k * (a + b)[..., 0]) for k in keys for wave in (torch.cos, torch.sin)]
        self._sums = torch.stack([wave / wave.norm() for wave in sums]).flatten(1)
        self._tokens = {n: torch.from_numpy(its.tokens) for n, its in dataset.splits.items()}
        self._answers = {
            n: torch.from_numpy(its.targets[:, 0]) for n, its in dataset.splits.items()
        }

    def __call__(self, parameters: Parameters) -> dict[Place, float]:
        """Every number of a checkpoint."""
        with torch.inference_mode(False), torch.no_grad():
            return self._measured({name: its.clone() for name, its in parameters.items()})

    def _measured(self, parameters: Parameters) -> dict[Place, float]:
        bridge = open_bridge(self._model, parameters)
        logits, cache = bridge.run_with_cache(self._pairs)
        logits = logits[:, -1]
        neurons = cache["blocks.0.mlp.hook_post"][:, -1]
        found = dict(self._predictions(logits))
        found.update(self._circle(logits[:, : self._p]))
        found.update(self._weights(parameters))
        found.update(self._neurons(neurons))
        found.update(self._altered_embeddings(parameters))
        found.update(self._clock_or_pizza(bridge, logits))
        squares = sum(its.double().square().sum().item() for its in parameters.values())
        found["weight_norm", None, None] = math.sqrt(squares)
        return found

    def _of_split(self, of_pairs: Tensor, split: str) -> Tensor:
        a, b, _ = self._tokens[split].T
        return of_pairs[a * self._p + b]

    def _predictions(self, logits: Tensor) -> Iterator[tuple[Place, float]]:
        for split, answers in self._answers.items():
            its = self._of_split(logits, split)
            yield ("loss", split, None), F.cross_entropy(its, answers).item()
            hits = (its.argmax(-1) == answers).double().mean()
            yield ("accuracy", split, None), hits.item()

    def _circle(self, logits: Tensor) -> Iterator[tuple[Place, float]]:
        p, keys = self._p, self._keys
        cube = (logits - logits.mean(-1, keepdim=True)).view(p, p, p)
        spectrum = torch.fft.fftn(cube).abs().square()
        of_circle = [2 * spectrum[k, k, p - k].item() / spectrum.sum() for k in self._frequencies]
        for k, share in zip(self._frequencies, of_circle, strict=True):
            yield ("circle_share", None, k), share.item()
        yield ("key_circle_share", None, None), sum(of_circle[k - 1].item() for k in keys)
        for k in keys:
            yield ("key_frequency", None, k), 1.0
        of_keys = self._sums.T @ (self._sums @ logits)
        formula = ((self._cubes @ logits.flatten()) @ self._cubes).view(p * p, p)
        kinds = {
            "excluded": logits - of_keys,
            "restricted": of_keys + logits.mean(0),
            "trig": formula,
        }
        for kind, its in kinds.items():
            for split in _SPLITS:
                of_split = self._of_split(its, split).double()
                loss = F.cross_entropy(of_split, self._answers[split])
                yield (f"{kind}_loss", split, None), loss.item()

    def _weights(self, parameters: Parameters) -> Iterator[tuple[Place, float]]:
        readout = parameters["head.weight"] @ parameters["layers.0.mlp.fc_out.weight"]
        for name, rows in (("embedding", parameters[_EMBEDDING]), ("readout", readout)):
            norms = self._norms(rows[: self._p])
            for k, norm in zip(self._frequencies, norms.tolist(), strict=True):
                yield (f"{name}_norm", None, k), norm
            pairs = (norms[:, None] - norms).abs()
            yield (f"{name}_gini", None, None), (pairs.mean() / (2 * norms.mean())).item()

    def _norms(self, rows: Tensor) -> Tensor:
        """Of the part of each frequency."""
        spectrum = torch.fft.rfft(rows, dim=0, norm="ortho")[1:]
        return 2**0.5 * spectrum.norm(dim=1)

    def _neurons(self, neurons: Tensor) -> Iterator[tuple[Place, float]]:
        p = self._p
        of_pairs = neurons.view(p, p, -1)
        power = torch.fft.fft2(of_pairs - of_pairs.mean((0, 1)), dim=(0, 1)).abs().square()
        total = power.sum((0, 1))
        shares = []
        for k in self._frequencies:
            terms = [0, k, p - k]
            shares.append(power[terms][:, terms].sum((0, 1)) / total)
        best, which = torch.stack(shares).nan_to_num().max(0)  # 0 / 0: a neuron that is never on
        yield ("single_frequency_top1", None, None), (best > 0.85).double().mean().item()
        yield ("single_frequency_share", None, None), best.mean().item()
        for k in self._frequencies:
            its = (which == k - 1) & (best > 0)
            yield ("neurons_of_frequency", None, k), its.double().mean().item()

    def _altered_embeddings(self, parameters: Parameters) -> Iterator[tuple[Place, float]]:
        numbers = parameters[_EMBEDDING][: self._p]
        norms = self._norms(numbers)
        strongest = [
            k for k in (norms.argsort(descending=True) + 1).tolist() if k not in self._keys
        ]
        kept = {
            "keys_alone": self._keys,
            "without_keys": strongest,
            "as_many_alone": strongest[: len(self._keys)],
        }
        answers = self._answers["test"]
        for name, frequencies in kept.items():
            spectrum = torch.fft.rfft(numbers, dim=0)
            keep = torch.zeros(len(spectrum), 1)
            keep[[0, *frequencies]] = 1
            waves = torch.fft.irfft(spectrum * keep, n=self._p, dim=0)
            altered = torch.cat([waves, parameters[_EMBEDDING][self._p :]])
            bridge = open_bridge(self._model, {**parameters, _EMBEDDING: altered})
            logits, _ = bridge.run_with_cache(self._tokens["test"])
            logits = logits[:, -1, : self._p]
            loss = F.cross_entropy(logits.double(), answers)
            yield (f"{name}_loss", "test", None), loss.item()
            hits = (logits.argmax(-1) == answers).double().mean()
            yield (f"{name}_accuracy", "test", None), hits.item()

    def _clock_or_pizza(
        self, bridge: TransformerBridge, logits: Tensor
    ) -> Iterator[tuple[Place, float]]:
        p = self._p
        triples = np.random.Generator(np.random.Philox(0)).integers(p, size=(3, 100))
        a, b, answers = torch.from_numpy(triples)
        read: list[Tensor] = []

        def keep(embedded: Tensor, hook: object) -> Tensor:
            read.append(embedded.detach().clone().requires_grad_())
            return read[0]

        with torch.enable_grad():
            tokens = torch.stack([a, b, torch.full_like(a, p)], 1)
            said = bridge.run_with_hooks(tokens, fwd_hooks=[(_IN_BRIDGE, keep)])[:, -1]
            said.gather(1, answers[:, None]).sum().backward()
            gradient = read[0].grad
        cosines = F.cosine_similarity(gradient[:, 0], gradient[:, 1])
        yield ("gradient_symmetricity", None, None), cosines.mean().item()
        n = torch.arange(p)
        sums = (n[:, None] + n).ravel() % p
        right = logits.gather(1, sums[:, None]).view(p, p)
        by_distance = torch.stack([right[n, (n - d) % p] for d in range(p)])
        spread = by_distance.std(1, correction=0).mean() / right.std(correction=0)
        yield ("distance_irrelevance", None, None), spread.item()
