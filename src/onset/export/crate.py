"""A finished run of the whole workflow as an RO-Crate that follows the profile Workflow Run Crate 0.5.

The archive has the project's own files at its top, where Snakemake expects them, and the results below
them: whoever unpacks it can check everything with `make verify`, and continue from there.
"""

from __future__ import annotations

import mimetypes
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

from rocrate.model.contextentity import ContextEntity
from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

from onset.store.atomic import atomic_path
from onset.store.files import checksum
from onset.store.recording import recorded

METADATA = "ro-crate-metadata.json"
_RO_CRATE = "1.1"  # which the profiles build on
_CONTEXT = "https://w3id.org/ro/terms/workflow-run/context"
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
_BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
_LICENCE = "https://spdx.org/licenses/MIT"
_WORKFLOW = "Snakefile"
README = Path("README.md")
_KINDS = {
    ".parquet": "application/vnd.apache.parquet",
    ".safetensors": "application/octet-stream",
    ".yaml": "application/yaml",
    ".ipynb": "application/x-ipynb+json",
    ".jsonl": "application/jsonl",
    ".py": "text/x-python",
    ".tex": "text/x-tex",
    ".smk": "text/plain",
    ".lock": "text/plain",
    ".toml": "application/toml",
    ".md": "text/markdown",
}


@dataclass(frozen=True)
class Finished:
    """What goes into a crate; paths are relative to the project's folder."""

    sources: Sequence[Path]
    """the project's own files, the Snakefile among them"""
    inputs: Mapping[str, Path]
    """name → file of the config"""
    parameters: Mapping[str, Any]
    """name → value, as JSON has it"""
    outputs: Mapping[Path, str | None]
    """file → SHA-256, if a record has it"""
    parts: Mapping[str, Path]
    """name → folder, or file, of what was asked for: each study's results, the paper, the front page"""
    times: tuple[datetime, datetime]
    """when the first job began, and the last one ended"""
    version: str | None = None
    """of the project"""
    authors: Sequence[str] = ()
    note: str = ""
    """what isn't in it"""


def write_crate(finished: Finished, archive: Path) -> int:
    """Write the archive.

    Returns:
        The number of files in it.
    """
    crate = described(finished)
    archive.parent.mkdir(parents=True, exist_ok=True)
    with recorded(archive.parent, "crate", archive.name, of=""), atomic_path(archive) as part:
        crate.write_zip(part)
    return len(finished.sources) + len(finished.outputs)


def described(finished: Finished) -> ROCrate:
    """The crate, before anything is written."""
    crate = ROCrate(version=_RO_CRATE)
    crate.metadata.extra_contexts.append(_CONTEXT)
    files = _add_files(crate, finished)
    workflow = files[Path(_WORKFLOW)]
    parts = _add_parts(crate, finished, files)
    _add_about(crate, finished)
    action = crate.add_action(
        workflow,
        identifier="#run",
        object=[],
        result=list(parts.values()),
        properties={
            "name": "Run of the whole workflow",
            "startTime": finished.times[0].isoformat(),
            "endTime": finished.times[1].isoformat(),
            "description": "All jobs that produced the results, in one or more calls of Snakemake.",
            "actionStatus": "http://schema.org/CompletedActionStatus",
        },
    )
    for name, path in finished.inputs.items():
        slot = _slot(crate, workflow, "input", name, "File", f"the file {path}")
        _fill(slot, files[path])
        action.append_to("object", files[path])
    for name, value in finished.parameters.items():
        slot = _slot(
            crate, workflow, "input", name, _type(value), f"`{name}` of config/config.yaml"
        )
        its = _value(crate, name, value)
        _fill(slot, its)
        action.append_to("object", its)
    for name, its in parts.items():
        kind = "File" if its.type == "File" else "Dataset"
        _fill(_slot(crate, workflow, "output", name, kind, f"the results: {name}"), its)
    crate.root_dataset["mentions"] = action
    return crate


def _add_files(crate: ROCrate, finished: Finished) -> dict[Path, Entity]:
    """All files, with size, kind and checksum."""
    found: dict[Path, Entity] = {}
    for path in finished.sources:
        if str(path) != _WORKFLOW:
            found[path] = _file(crate, path, None)
    if README in found:
        found[README]["about"] = crate.root_dataset
    for path, its_checksum in finished.outputs.items():
        found[path] = _file(crate, path, its_checksum)
    found[Path(_WORKFLOW)] = crate.add_workflow(
        _WORKFLOW,
        _WORKFLOW,
        main=True,
        lang="snakemake",
        lang_version=version("snakemake"),
        properties={
            **_about_file(Path(_WORKFLOW), None),
            "name": "Onset",
            "description": "From dataset generation through training, measures at every checkpoint and "
            "analysis notebooks to the figures and the paper.",
            "license": {"@id": _LICENCE},
            "conformsTo": {"@id": _BIOSCHEMAS},
            **({"version": finished.version} if finished.version else {}),
        },
    )
    return found


def _file(crate: ROCrate, path: Path, its_checksum: str | None) -> Entity:
    return crate.add_file(path, path.as_posix(), properties=_about_file(path, its_checksum))


def _about_file(path: Path, its_checksum: str | None) -> dict[str, Any]:
    kind = _KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "text/plain"
    return {
        "name": path.as_posix(),
        "contentSize": str(path.stat().st_size),
        "encodingFormat": kind,
        "sha256": its_checksum or checksum(path),
    }


def _add_parts(
    crate: ROCrate, finished: Finished, files: Mapping[Path, Entity]
) -> dict[str, Entity]:
    """What was asked for: files as they are, folders as data sets of all files in them."""
    found: dict[str, Entity] = {}
    for name, path in finished.parts.items():
        if path in files:
            found[name] = files[path]
            continue
        its = crate.add_dataset(dest_path=path.as_posix(), properties={"name": name})
        its["hasPart"] = [files[file] for file in finished.outputs if path in file.parents]
        found[name] = its
    return found


def _add_about(crate: ROCrate, finished: Finished) -> None:
    """What is said about the crate as a whole."""
    root = crate.root_dataset
    began, ended = finished.times
    crate.name = "Onset: results and the workflow that made them"
    crate.description = (
        "When, how and why circuits form while a small transformer trains: all results of a run of "
        f"Onset, {began:%Y-%m-%d}, with the code and the config that rebuild them. {finished.note}"
    ).strip()
    root["datePublished"] = ended.isoformat()
    root["keywords"] = "interpretability, training dynamics, circuits, transformers"
    root["license"] = crate.add(
        ContextEntity(
            crate,
            _LICENCE,
            {"@type": "CreativeWork", "name": "MIT License", "identifier": "MIT"},
        )
    )
    for identifier, (name, its_version) in _PROFILES.items():
        about = {"@type": "CreativeWork", "name": name, "version": its_version}
        root.append_to("conformsTo", crate.add(ContextEntity(crate, identifier, about)))
    for name in finished.authors:
        about = {"@type": "Organization", "name": name}
        root["author"] = crate.add(ContextEntity(crate, f"#{name.replace(' ', '-')}", about))
    python = {
        "@type": "SoftwareApplication",
        "name": "Python",
        "version": platform.python_version(),
        "url": "https://www.python.org/",
    }
    crate.mainEntity["softwareRequirements"] = crate.add(
        ContextEntity(crate, python["url"], python)
    )


def _slot(
    crate: ROCrate, workflow: Entity, side: str, name: str, kind: str, description: str
) -> Entity:
    """A formal parameter of the workflow."""
    slot = crate.add_formal_parameter(
        name, kind, identifier=f"#{side}-{name}", description=description, valueRequired=False
    )
    workflow.append_to(side, slot)
    return slot


def _fill(slot: Entity, its: Entity) -> None:
    """Link a formal parameter with the value that it had in this run."""
    its["exampleOfWork"] = slot
    slot["workExample"] = its


def _value(crate: ROCrate, name: str, value: Any) -> Entity:
    single = isinstance(value, list) and len(value) == 1
    its = {"@type": "PropertyValue", "name": name, "value": value[0] if single else value}
    return crate.add(ContextEntity(crate, f"#value-{name}", its))


def _type(value: Any) -> str:
    """What schema.org calls it."""
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, bool):
        return "Boolean"
    if isinstance(first, int):
        return "Integer"
    return "Float" if isinstance(first, float) else "Text"


def parts_of(results: Path, names: Sequence[str], outputs: Mapping[Path, Any]) -> dict[str, Path]:
    """The results of each study or collection, the front page, and the paper if there is one."""
    found = {name: results / name for name in names}
    for name, place in (("front_page", "index.html"), ("paper", "paper/paper.pdf")):
        if results / PurePosixPath(place) in outputs:
            found[name] = results / place
    return found
