"""The base settings of all studies, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onset.latex.settings_in_words import in_words, key_in_words
from onset.latex.text import breakable, escape, longtable

_SHORT = 10
"""characters of a value that has a place beside those of other studies"""
_MOST_STUDIES = 12
"""side by side within the width of the text"""

Study = Mapping[str, Any]
"""`name`, `title`, `base`: section → key → value"""
Place = tuple[str, str]
"""section, key"""


def settings_tables(studies: Sequence[Study]) -> str:
    """What is short stands side by side, a table for each family of models and one for the training.

    What is long, or a study's own, such as its world, follows study by study.
    """
    families: dict[str, list[Study]] = {}
    for study in studies:
        families.setdefault(study["base"]["model"]["name"], []).append(study)
    tables: list[str] = []
    told: dict[str, set[Place]] = {study["name"]: set() for study in studies}
    of_family = [(its, ["model"], name) for name, its in families.items() if len(its) > 1]
    for its, sections, name in [*of_family, (studies, ["training", "checkpoints"], "training")]:
        places = _short_places(its, sections)
        what = "Training and checkpoints" if its is studies else f"Models: the family {name}"
        tables += _side_by_side(its, places, escape(what), f"tab:settings:{name}")
        for study in its:
            told[study["name"]] |= set(places)
    return "".join([*tables, _study_by_study(studies, told)])


def _short_places(studies: Sequence[Study], sections: Sequence[str]) -> list[Place]:
    """The settings of which every study has something short to say, or nothing."""
    places = [(s, k) for study in studies for s in sections for k in study["base"][s]]
    return [
        (section, key)
        for section, key in dict.fromkeys(places)
        if key != "name"
        and not any(
            isinstance(value, Mapping) or len(in_words(value)) > _SHORT
            for value in (study["base"][section].get(key) for study in studies)
        )
    ]


def _side_by_side(
    studies: Sequence[Study], places: Sequence[Place], what: str, label: str
) -> Iterator[str]:
    """A row for each setting, a column for each study; a table more for each dozen of studies.

    What is the same in all studies is said once, below the title.
    """
    rows = {
        _setting(section, key): [
            in_words(its["base"][section][key]) if key in its["base"][section] else ""
            for its in studies
        ]
        for section, key in places
    }
    same = {setting: values[0] for setting, values in rows.items() if len(set(values)) == 1}
    everywhere = "; ".join(f"{setting} {escape(its)}" for setting, its in same.items())
    caption = f"{what}. A dash: off." + (f" In all of them: {everywhere}." if same else "")
    for i in range(0, len(studies), _MOST_STUDIES):
        part = slice(i, i + _MOST_STUDIES)
        heads = [rf"\rotatebox{{90}}{{{escape(study['name'])}}}" for study in studies[part]]
        lines = [
            " & ".join([setting, *map(escape, values[part])]) + r" \\"
            for setting, values in rows.items()
            if setting not in same
        ]
        yield "\n".join(
            [
                r"\begin{table}[htbp]",
                r"\centering",
                rf"\caption{{{caption}}}" + (rf"\label{{{label}}}" if i == 0 else ""),
                rf"\onsetfitted{{\begin{{tabular}}{{@{{}}l*{{{len(heads)}}}{{c}}@{{}}}}",
                *(r"\toprule", " & ".join(["", *heads]) + r" \\", r"\midrule"),
                *(*lines, r"\bottomrule", r"\end{tabular}}", r"\end{table}", ""),
            ]
        )


def _setting(section: str, key: str) -> str:
    """Typeset. Both training and checkpoints have steps."""
    return f"checkpoints: {key_in_words(key)}" if section == "checkpoints" else key_in_words(key)


def _study_by_study(studies: Sequence[Study], told: Mapping[str, set[Place]]) -> str:
    rows = []
    for study in studies:
        name = rf"\texttt{{{breakable(study['name'])}}}"
        for what, said in _its_own(study["base"], told[study["name"]]):
            rows.append(rf"{name} & {what} & {said} \\")
            name = ""
        rows[-1] += r"\addlinespace[3pt]"
    columns = {"study": 0.16, "": 0.14, "settings": 0.7}
    caption = "The studies' worlds, the mixture of batches, and what is measured."
    return longtable(columns, rows, caption, "tab:settings:studies")


def _its_own(base: Mapping[str, Mapping[str, Any]], told: set[Place]) -> Iterator[tuple[str, str]]:
    """What a study has that no other table tells: what it is of, and what is said, both typeset."""
    yield "world", _named(base["task"])
    alone = not any(section == "model" for section, _ in told)
    if alone:
        yield "model", _named(base["model"])
    for section in ("training", "checkpoints") if alone else ("model", "training", "checkpoints"):
        for key, value in base[section].items():
            if (section, key) not in told and key != "name" and in_words(value) != "–":
                yield key_in_words(key), breakable(in_words(value))
    yield "measures", breakable(in_words(base["measures"]["names"]))
    if base["analyses"]["names"]:
        its = base["analyses"]
        where = f" (splits: {in_words(its['splits'])})" if its["splits"] else ""
        at = f"; checkpoints: {its['checkpoints']}"
        yield "closer looks", breakable(in_words(its["names"]) + where + at)


def _named(section: Mapping[str, Any]) -> str:
    """`name`: its settings."""
    said = (
        f"{key_in_words(k)} {breakable(in_words(v))}" for k, v in section.items() if k != "name"
    )
    return rf"\texttt{{{breakable(section['name'])}}}: {'; '.join(said)}"
