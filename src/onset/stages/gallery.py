"""Make the gallery's pages: those of one study, or the front page."""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onset.gallery.answer import UnknownNumberError, filled
from onset.stages.command import StageError, log, run_stage
from onset.stages.record import on_record
from onset.statistics.claims import ClaimError, failures
from onset.statistics.means import Means
from onset.statistics.quantities import quantities_in
from onset.store.atomic import write_text
from onset.store.logs import seconds_of
from onset.store.reading import read_json

if TYPE_CHECKING:
    from onset.collections.reading import Page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("results", type=Path, help="the folder with the studies' results")
    parser.add_argument(
        "--settings",
        required=True,
        help="JSON: `study` for its pages, or `studies`, `paper` and `smoke` for the front page",
    )


def work(arguments: argparse.Namespace) -> None:
    settings, results = arguments.settings, arguments.results
    if "study" in settings:
        _study(results, settings["study"])
    else:
        _front(results, settings)


def _front(results: Path, settings: dict[str, Any]) -> None:
    from onset.gallery.front import front_page

    studies = settings["studies"]
    cards = [{**read_json(results / its["name"] / "card.json"), **its} for its in studies]
    times = {its["name"]: _time(results / "logs" / its["name"]) for its in studies}
    # Among the logs, not on the page, which is the same for the same results: times are not.
    write_text(results / "logs/times.js", f"window.onsetTimes = {json.dumps(times)};\n")
    # The folder of results may have any name.
    with on_record(results, "gallery", "index.html", settings, of=""):
        write_text(results / "index.html", front_page(cards, settings["paper"], settings["smoke"]))


def _study(results: Path, told: dict[str, Any]) -> None:
    from onset.gallery.captions import with_captions
    from onset.gallery.condition import condition_page
    from onset.gallery.figure import figure_page
    from onset.gallery.front import card
    from onset.gallery.study import own_page, study_page

    folder = results / told["name"]
    # A collection has neither.
    means = Means.of_summary(folder / "summary.csv") if told["conditions"] else Means()
    quantities = quantities_in(folder / "quantities.json") if told["conditions"] else {}
    study = with_captions(folder, _answered(folder, told, means))
    with on_record(folder, "gallery", "index.html", told):
        for its in study["figures"]:
            write_text(folder / "figures" / f"{its['name']}.html", figure_page(folder, study, its))
        for its in _own_pages(folder, study):
            page = own_page(study, its.title, its.body)
            write_text(folder / "pages" / f"{its.name}.html", page)
        for its in study["conditions"]:
            page = condition_page(folder, study, its, means, quantities)
            write_text(folder / its["name"] / "index.html", page)
        write_text(folder / "index.html", study_page(folder, study, means, quantities))
        write_text(folder / "card.json", json.dumps(card(study), indent=1) + "\n")
    log.info("%s is ready: %s", study["title"], folder / "index.html")


def _own_pages(folder: Path, study: dict[str, Any]) -> list[Page]:
    """Those of a collection; its file declares some, and they may lead to others.

    Raises:
        StageError: some of those that are declared aren't made.
    """
    declared = {its["name"] for its in study.get("pages", ())}
    if not declared:
        return []
    name = study["name"]
    pages = importlib.import_module(f"onset.collections.{name}.pages").pages
    made = list(pages(folder))
    if lacking := declared - {its.name for its in made}:
        said = f"declares pages that its code doesn't make: {', '.join(sorted(lacking))}"
        raise StageError(f"config/collections/{name}.yaml {said}")
    return made


def _answered(folder: Path, study: dict[str, Any], means: Means) -> dict[str, Any]:
    """The study with its answer's numbers, and with what of its claims isn't so (`broken`).

    Raises:
        StageError: the answer, or a claim, asks for a number that there isn't.
    """
    if study["answer"] is None:
        return {**study, "broken": []}
    file = folder / "numbers.json"
    numbers = read_json(file)
    try:
        answer = filled(study["answer"], numbers, means)
        broken = [*failures(study.get("holds", ()), numbers, means, study["name"])]
    except (UnknownNumberError, ClaimError) as error:
        raise StageError(f"{study['name']}: {error} ({file}, {folder / 'summary.csv'})") from None
    return {**study, "answer": answer, "broken": broken}


def _time(logs: Path) -> dict[str, float]:
    """How many of a study's jobs say in their logs how long they took, and the seconds of all."""
    seconds = [its for log in sorted(logs.rglob("*.log")) if (its := seconds_of(log)) is not None]
    return {"jobs": len(seconds), "seconds": round(sum(seconds), 1)}


if __name__ == "__main__":
    run_stage("gallery", __doc__, work, add_arguments)
