"""Circuits found by machine, graded by what every single edge is needed for.

All methods score all edges of the model on the same questions, with twins instead (`patched.py`). What
truly matters is known by patching every edge by itself: an edge without which at least 1 % of the lead is
lost, or gained. Where one edge can stand in for another, no single one of them matters by this truth.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from onset.analyses.circuits import methods
from onset.analyses.circuits.grading import graded, told_apart
from onset.analyses.circuits.patched import Asked, Patched
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters, device_of
from onset.models.transformer.model import Transformer
from onset.models.transformer.wiring import Wiring
from onset.tasks.dataset import Dataset

NEEDS = ("swapped", "rival", "head_weights")
LOADS = ("onset.analyses.circuits.methods",)
QUANTITIES = {
    "whole_lead": {"kind": "logits", "label": "lead of the answer with all edges (nats)"},
    "edges_of_model": {"kind": "count", "label": "edges of the model", "digits": 0},
    "edges_that_matter": {"kind": "count", "label": "edges that matter", "digits": 0},
    "*_cpr": {"kind": "real", "label": "CPR: *"},
    "*_cmd": {"kind": "real", "label": "CMD: *"},
    "*_share_kept": {"kind": "real", "label": "share of the lead kept by the first edges: *"},
    "*_circuit_size": {
        "kind": "count",
        "label": "edges that keep 90 % of the lead: *",
        "digits": 0,
    },
    "*_circuit_precision": {"kind": "share", "label": "precision of these edges: *"},
    "*_circuit_recall": {"kind": "share", "label": "recall of these edges: *"},
    "*_edges_auc": {"kind": "share", "label": "AUC of edge scores: *"},
    "*_model_runs": {"kind": "count", "label": "runs of the model: *", "digits": 0},
    "*_edge_score": {"kind": "real", "label": "score of the edge: *"},
}
LEAST = 0.01
"""of the lead that all edges make up: what an edge that matters is needed for"""
_TRUTH = "exhaustive"
_TOLD = 40  # edges of each method


def analyse(
    model: Transformer, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Per split that has a twin:

    * `whole_lead`, `edges_of_model`, `edges_that_matter`: what there is to find;
    * per METHOD, `METHOD_edge_score` of the edges with the largest scores (`component`: their places in
      `Wiring.edges`); `METHOD_model_runs`, which take the time; `METHOD_cpr` and `METHOD_cmd`;
      `METHOD_share_kept` by the number of edges (`component`); `METHOD_circuit_size` of the smallest
      circuit tried that keeps 90 % of the lead, and its `METHOD_circuit_precision` and
      `METHOD_circuit_recall`; `METHOD_edges_auc` of the scores' sizes.
    """
    with torch.inference_mode(False), torch.enable_grad():
        wiring = Wiring.of(model, parameters)
        for name, asked in Asked.of_splits(dataset, device_of(parameters)):
            patched = Patched(wiring, asked)
            n = len(asked.right)
            yield Measurement("whole_lead", patched.whole, name, n_examples=n)
            yield Measurement("edges_of_model", float(patched.n_edges), name)
            if patched.is_answered:
                yield from _found(patched, name, seed)


def _found(patched: Patched, split: str, seed: int) -> Iterator[Measurement]:
    scores, runs = {}, {}
    for method in methods.names():
        patched.n_runs = 0
        scores[method] = methods.load(method).score_edges(patched, seed).detach()
        runs[method] = patched.n_runs
    true = (scores[_TRUTH].abs() > LEAST * abs(patched.whole - patched.nothing)).numpy()
    yield Measurement("edges_that_matter", float(true.sum()), split)
    for method, its in scores.items():
        yield Measurement(f"{method}_model_runs", float(runs[method]), split)
        for i in its.abs().topk(min(_TOLD, len(its))).indices.tolist():
            yield Measurement(f"{method}_edge_score", its[i].item(), split, component=i)
        grades = graded(patched, its)
        yield Measurement(f"{method}_cpr", grades.cpr, split)
        yield Measurement(f"{method}_cmd", grades.cmd, split)
        yield Measurement(f"{method}_circuit_size", float(grades.size), split)
        for size, share in grades.kept.items():
            yield Measurement(f"{method}_share_kept", share, split, component=size)
        if 0 < true.sum() < len(true):
            yield Measurement(f"{method}_circuit_recall", grades.recall(true), split)
            yield Measurement(f"{method}_edges_auc", told_apart(its, true), split)
        if np.any(grades.circuit):
            yield Measurement(f"{method}_circuit_precision", grades.precision(true), split)
