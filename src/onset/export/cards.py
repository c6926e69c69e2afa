"""Cards of models and data: metadata for the hub, then a page for people."""

from __future__ import annotations

from typing import Any

from huggingface_hub import DatasetCardData, EvalResult, ModelCardData

from onset.export.datasets import WORLD, table_name
from onset.export.forms.form import Form
from onset.export.rendering import rendered
from onset.export.told import LICENCE, Told
from onset.tasks.dataset import VALIDATION, Dataset

_TAGS = ["onset", "interpretability", "training-dynamics"]
_SIZES = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K", 1_000_000: "100K<n<1M"}
"""examples, at most → what the hub calls it"""


def model_card(told: Told, form: Form, step: int, n_parameters: int, named: bool) -> str:
    """`README.md` of a model's revision.

    Args:
        told: of its run.
        form: of the model.
        step: of the checkpoint.
        n_parameters: of the model.
        named: whether a tokenizer knows the names of its tokens.
    """
    measured = told.measured(step)
    return rendered(
        "model.md",
        front=_front(_of_model(told, form, measured)),
        told=told,
        form=form,
        step=step,
        n_parameters=n_parameters,
        measured=measured,
        means=any(its["mean"] for its in measured),
        example=_example(told) if named else None,
    )


def dataset_card(told: Told) -> str:
    """`README.md` of a run's dataset."""
    dataset = told.run.dataset
    n_examples = sum(its["n_examples"] for its in told.splits)
    data = DatasetCardData(
        license=LICENCE,
        pretty_name=f"{told.card['title']}: {told.described['label']}, seed {told.run.seed}",
        size_categories=next((its for n, its in _SIZES.items() if n_examples < n), "n>1M"),
        tags=[*_TAGS, told.study.folder.name],
        configs=[
            {
                "config_name": its["name"],
                "data_files": [{"split": _kind(its), "path": table_name(its["name"])}],
                **({"default": True} if not place else {}),
            }
            for place, its in enumerate(told.splits)
        ],
    )
    first = next(iter(dataset.splits.values()))
    return rendered(
        "dataset.md",
        front=_front(data),
        told=told,
        sequences=isinstance(dataset, Dataset),
        kinds={its["name"]: _kind(its) for its in told.splits},
        facts=list(dict.fromkeys(fact for its in dataset.splits.values() for fact in its.truth)),
        names=getattr(dataset, "names", {}),
        has_targets=getattr(first, "targets", None) is not None,
        vocabulary=getattr(dataset, "vocabulary", ()),
        world=WORLD,
    )


def _of_model(told: Told, form: Form, measured: list[dict[str, Any]]) -> ModelCardData:
    task = "text-generation" if form.generation else "feature-extraction"
    results = [
        EvalResult(
            task_type=task,
            dataset_type=f"{told.name}-data",
            dataset_name=f"{told.card['title']}: {told.described['label']}, seed {told.run.seed}",
            dataset_config=its["split"] or None,
            metric_type=its["measure"],
            metric_name=its["label"],
            metric_value=its["value"],
        )
        for its in measured
    ]
    # A fine-tuned model has the licence of the model that training began with.
    licence = {"license": "other", "license_name": "as-the-base-model"} if form.made_of else {}
    return ModelCardData(
        **{"license": LICENCE, **licence},
        library_name="transformers",
        pipeline_tag=task,
        tags=[*_TAGS, told.study.folder.name, *(["custom_code"] if form.code else [])],
        base_model=form.base_model,
        model_name=told.name,
        eval_results=results or None,
    )


def _kind(split: dict[str, Any]) -> str:
    """What the hub calls a split like this."""
    if split["trained"]:
        return "train"
    return "validation" if split["name"].endswith(VALIDATION) else "test"


def _example(told: Told) -> str:
    """A sequence as a person types it, up to the position after which its answer is scored."""
    dataset = told.run.dataset
    split = next(iter(dataset.splits.values()))
    asked = split.tokens[0, : split.positions[0, 0] + 1]
    return " ".join(dataset.vocabulary[token] for token in asked)


def _front(data: ModelCardData | DatasetCardData) -> str:
    return data.to_yaml(line_break="\n")
