"""`make export`, `make crate` and `make site` on a finished project, and on one that isn't."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from huggingface_hub import DatasetCard, ModelCard

from onset.results import open_run
from onset.store.files import is_file
from tests.files import contents
from tests.workflow.conftest import Project

pytestmark = pytest.mark.slow

RUN = "tiny/plain/seed_0"
EXPORT, CRATE, SITE, VERIFY = (
    f"onset.workflow.commands.{name}" for name in ("export", "crate", "site", "verify")
)


@pytest.fixture(autouse=True)
def _in_process(monkeypatch):
    """Commands are called here, not in processes of their own: each would import torch anew."""
    monkeypatch.setattr(sys, "argv", sys.argv)


def ended(project: Project, command: str, *arguments: str) -> tuple[str, str | None]:
    """What a command says, and the line that it ends with where it is refused."""
    said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    sys.argv = [command, *arguments]
    line = None
    with contextlib.chdir(project.root), contextlib.redirect_stdout(said):
        try:
            importlib.import_module(command).main()
        except SystemExit as end:
            line = str(end)
    said.flush()
    return said.buffer.getvalue().decode(), line


def call(project: Project, command: str, *arguments: str) -> str:
    """What a command says that does its work."""
    said, refusal = ended(project, command, *arguments)
    assert refusal is None, said
    return said


def refused(project: Project, command: str, *arguments: str) -> str:
    """The line that a command ends with, before it has written anything."""
    before = contents(project.root / "results")
    _, line = ended(project, command, *arguments)
    assert line
    assert len(line.splitlines()) == 1
    assert contents(project.root / "results") == before
    return line


# ---- make export ----------------------------------------------------------------------------

# What somebody types who has the folder, `transformers`, and nothing of Onset's.
OPENED = """
import json, sys
sys.modules["onset"] = None
from transformers import AutoModelForCausalLM, AutoTokenizer
found = {}
for revision in sys.argv[2:]:
    folder = f"{sys.argv[1]}/{revision}"
    model = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=True)
    asked = tokenizer("e3 r1 r2", return_tensors="pt")
    found[revision] = model(**asked).logits.tolist()
bridge = model.bridge(tokenizer=tokenizer)
found["bridge"] = bridge("e3 r1 r2", prepend_bos=False).tolist()
print(json.dumps(found))
"""


def alone(code: str, *arguments: str, home: Path) -> str:
    """What Python says in a process of its own that knows nothing of the project, nor of the web."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={"OMP_NUM_THREADS": "1", "HF_HOME": str(home), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def opened(project: Project, folder: Path, revisions: list[str]) -> dict[str, list]:
    said = alone(OPENED, str(folder), *revisions, home=project.root / "hf")
    return json.loads(said.splitlines()[-1])


def test_every_checkpoint_of_a_run_opens_without_onset(finished):
    said = call(finished, EXPORT, "tiny/plain/0")
    folder = finished.root / "results/export" / RUN
    assert said == f"results/export/{RUN}: main, 3 revisions, dataset\n"
    run = open_run("tiny", "plain", 0, finished.root / "results")
    tokens = run.tokens("e3 r1 r2")
    names = {f"step_{step:07d}": step for step in run.steps}
    found = opened(finished, folder, [*names, "main"])
    for name, step in {**names, "main": run.steps[-1]}.items():
        parameters = run.parameters(step)
        states = run.model.residual_stream(parameters, tokens)
        assert found[name] == run.model.unembed(parameters, states[-1]).tolist()
    assert found["bridge"] == run.bridge()(tokens).tolist()


def test_the_cards_say_what_it_is(finished):
    call(finished, EXPORT, "tiny/plain")
    folder = finished.root / "results/export" / RUN
    run = open_run("tiny", "plain", 0, finished.root / "results")
    card = ModelCard.load(folder / "main/README.md")
    assert (card.data.license, card.data.library_name) == ("mit", "transformers")
    accuracy = run.measures.query("measure == 'accuracy' and step == 10").set_index("split")[
        "value"
    ]
    stated = {
        r.dataset_config: r.metric_value
        for r in card.data.eval_results
        if r.metric_type == "accuracy"
    }
    assert stated == pytest.approx(accuracy.to_dict())
    for words in (
        "A tiny study",
        "Does an edit run what it must",
        "condition `plain`",
        "n_entities: 20",
    ):
        assert words in " ".join(card.text.replace("Condition", "condition").split()), words
    first = ModelCard.load(folder / "step_0000000/README.md")
    assert first.data.eval_results[0].metric_value != card.data.eval_results[0].metric_value
    data = DatasetCard.load(folder / "dataset/README.md")
    named = {its["config_name"]: its["data_files"][0] for its in data.data.configs}
    assert set(named) == set(run.dataset.splits)
    assert named["atomic"]["split"] == "train"
    assert named["oo_validation"]["split"] == "validation"
    assert all((folder / "dataset" / its["path"]).is_file() for its in named.values())


def test_datasets_loads_the_data_by_their_card(finished, tmp_path):
    call(finished, EXPORT, "tiny/plain", "--last")
    folder = finished.root / "results/export" / RUN / "dataset"
    load = "load_dataset(sys.argv[1], 'oo', split='test')[0]"
    code = f"import sys; from datasets import load_dataset; print({load})"
    said = alone(code, str(folder), home=tmp_path / "hf")
    split = open_run("tiny", "plain", 0, finished.root / "results").dataset.splits["oo"]
    assert f"'tokens': {split.tokens[0].tolist()}" in said


def test_it_is_replaced_and_other_files_stay(finished):
    call(finished, EXPORT, "tiny/plain")
    folder = finished.root / "results/export" / RUN
    before = contents(folder)
    (folder / "main/notes.txt").write_text("mine")
    call(finished, EXPORT, "tiny/plain", "--last")
    assert (folder / "main/notes.txt").read_text() == "mine"
    assert not list(folder.glob("step_*/*"))
    (folder / "main/notes.txt").unlink()
    call(finished, EXPORT, "tiny/plain")
    assert contents(folder) == before


def test_a_card_that_was_edited_is_kept_beside_the_new_one(finished):
    call(finished, EXPORT, "tiny/plain", "--last")
    card = finished.root / "results/export" / RUN / "main/README.md"
    written = card.read_text()
    card.write_text("my own words")
    said = call(finished, EXPORT, "tiny/plain", "--last")
    assert card.read_text() == written
    assert card.with_name("README.md.kept").read_text() == "my own words"
    assert "README.md.kept: edited, or not Onset's" in said
    said = call(finished, EXPORT, "tiny/plain", "--last")
    assert ".kept" not in said
    assert not card.with_name("README.md.kept1").exists()


def test_a_folder_of_ones_own_must_be_empty(finished):
    (finished.root / "there").mkdir()
    call(finished, EXPORT, "tiny/fast", "--last", "--to", "there")
    assert (finished.root / "there/tiny/fast/seed_0/main/model.safetensors").is_file()
    assert not (finished.root / "results/export").exists()
    said = refused(finished, EXPORT, "tiny/fast", "--last", "--to", "there")
    assert said == "export: there isn't empty; name a folder that is new, or empty"
    assert "Snakefile isn't a folder" in refused(finished, EXPORT, "tiny", "--to", "Snakefile")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "NAME=STUDY, STUDY/CONDITION or STUDY/CONDITION/SEED is missing; studies: tiny"),
        ("tyni", "no study 'tyni' in config/config.yaml; there are tiny"),
        ("tiny/plane", "no condition 'plane' in config/studies/tiny.yaml; did you mean plain"),
        ("tiny/plain/7", "no seed '7' in config/config.yaml for tiny/plain; there are 0"),
        ("tiny/plain/0/1", "NAME=tiny/plain/0/1: STUDY, STUDY/CONDITION or STUDY/CONDITION/SEED"),
        (
            "tiny/plain",
            f"results/{RUN}/dataset.safetensors (and 5 more) isn't there yet; to make it: "
            "snakemake --cores all results/tiny/index.html",
        ),
    ],
)
def test_what_is_not_there_is_named_in_a_line(fresh, name, said):
    (fresh.root / "results").mkdir(exist_ok=True)
    assert refused(fresh, EXPORT, name) == f"export: {said}"


def test_a_damaged_checkpoint_is_not_given_away(finished):
    path = finished.root / "results" / RUN / "checkpoints/step_0000010.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    _, line = ended(finished, EXPORT, "tiny/plain")
    assert "step_0000010.safetensors" in line
    assert len(line.splitlines()) == 1


# ---- make crate -----------------------------------------------------------------------------


@pytest.fixture
def crate(finished, tmp_path) -> Path:
    """The archive, unpacked."""
    said = call(finished, CRATE)
    archive = finished.root / "results/crate/onset.crate.zip"
    assert said.startswith("results/crate/onset.crate.zip: ")
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path / "crate")
    return tmp_path / "crate"


@pytest.fixture
def entities(crate) -> dict[str, dict]:
    told = json.loads((crate / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    assert told["@context"] == [
        "https://w3id.org/ro/crate/1.1/context",
        "https://w3id.org/ro/terms/workflow-run/context",
    ]
    found = {its["@id"]: its for its in told["@graph"]}
    assert len(found) == len(told["@graph"])
    return found


def ids(value) -> list[str]:
    """Those that a property refers to."""
    return [its["@id"] for its in (value if isinstance(value, list) else [value])]


def test_all_files_are_described_and_are_what_is_said(crate, entities):
    described = {its for its, e in entities.items() if "File" in e["@type"]}
    there = {p.relative_to(crate).as_posix() for p in crate.rglob("*") if p.is_file()}
    assert there == described | {"ro-crate-metadata.json"}
    for name in described:
        content = (crate / name).read_bytes()
        assert entities[name]["sha256"] == hashlib.sha256(content).hexdigest(), name
        assert entities[name]["contentSize"] == str(len(content)), name
        assert entities[name]["encodingFormat"], name
    assert described <= set(ids(entities["./"]["hasPart"]))
    for name in ("Snakefile", "config/config.yaml", "src/onset/results.py", "results/index.html"):
        assert name in described
    assert f"results/{RUN}/checkpoints/step_0000005.safetensors" in described


def test_it_has_what_the_profiles_demand(entities):
    """The MUSTs of Workflow RO-Crate 1.0, Process Run Crate 0.5 and Workflow Run Crate 0.5."""
    root = entities["./"]
    assert {its for its in ids(root["conformsTo"]) if entities[its]["@type"] == "CreativeWork"} == {
        "https://w3id.org/ro/wfrun/process/0.5",
        "https://w3id.org/ro/wfrun/workflow/0.5",
        "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
    }
    for key in ("name", "description", "datePublished", "license"):
        assert root[key]
    (workflow,) = ids(root["mainEntity"])
    main = entities[workflow]
    assert set(main["@type"]) == {"File", "SoftwareSourceCode", "ComputationalWorkflow"}
    assert entities[ids(main["programmingLanguage"])[0]]["name"] == "Snakemake"
    (run,) = ids(root["mentions"])
    action = entities[run]
    assert action["@type"] == "CreateAction"
    assert ids(action["instrument"]) == [workflow]
    assert action["startTime"] < action["endTime"]
    for side, used in (("input", "object"), ("output", "result")):
        slots = ids(main[side])
        for slot in slots:
            its = entities[slot]
            assert its["@type"] == "FormalParameter"
            assert its["additionalType"]
            (example,) = ids(its["workExample"])
            assert ids(entities[example]["exampleOfWork"]) == [slot]
            assert example in ids(action[used])
        assert len(slots) == len(ids(action[used])) > 0
    for its in entities.values():  # nothing is referred to that isn't described
        for key in (
            "hasPart",
            "object",
            "result",
            "workExample",
            "exampleOfWork",
            "license",
            "input",
        ):
            assert all(other in entities for other in ids(its.get(key, []))), (its["@id"], key)


def test_parameters_are_those_of_the_config(entities):
    values = {e["name"]: e["value"] for e in entities.values() if e["@type"] == "PropertyValue"}
    assert (values["studies"], values["seeds"], values["device"]) == ("tiny", 0, "cpu")
    assert values["paper"] is False


def test_who_unpacks_it_can_check_and_go_on(crate, finished):
    assert "every file is what its record says" in call(Project(crate), VERIFY)
    run = open_run("tiny", "fast", 0, crate / "results")
    assert run.measures.equals(open_run("tiny", "fast", 0, finished.root / "results").measures)


def test_only_the_last_checkpoints_are_packed_if_asked(finished):
    call(finished, CRATE, "--last", "--to", "there")
    with zipfile.ZipFile(finished.root / "there/onset.crate.zip") as packed:
        steps = {Path(its).stem for its in packed.namelist() if "checkpoints/step_" in its}
        told = json.loads(packed.read("ro-crate-metadata.json"))
    assert steps == {"step_0000010"}
    assert "only the last checkpoint" in next(
        its["description"] for its in told["@graph"] if its["@id"] == "./"
    )


def test_an_unsound_project_is_not_packed(finished, fresh):
    (finished.root / "results" / RUN / "measures.parquet").unlink()
    said = refused(finished, CRATE)
    assert said.startswith(f"crate: results/{RUN}/measures.parquet is missing; to make it: ")
    (fresh.root / "results").mkdir(exist_ok=True)
    assert refused(fresh, CRATE).endswith("to make it: snakemake --cores all")


# ---- make site ------------------------------------------------------------------------------


def test_the_site_has_all_pages_and_no_run(finished):
    said = call(finished, SITE)
    site, results = finished.root / "results/site", finished.root / "results"
    assert said.startswith("results/site/index.html: ")
    pages = {its.relative_to(site) for its in site.rglob("*.html")}
    assert {its for its in pages if not (results / its).exists()} == {Path("left_at_home.html")}
    for page in ("index.html", "tiny/index.html", "tiny/plain/index.html", "tiny/notebook.html"):
        assert Path(page) in pages
    assert not [path for path in site.rglob("*") if path.name.startswith("seed_")]
    before = contents(site)
    call(finished, SITE)
    assert contents(site) == before
    page = (site / "tiny/plain/index.html").read_text(encoding="utf-8")
    assert 'href="../../left_at_home.html#tiny/plain/seed_0/measures.parquet"' in page
    assert 'href="seed_0/' not in page


def test_a_site_needs_the_gallery_whole(finished, fresh):
    (fresh.root / "results").mkdir(exist_ok=True)
    said = refused(fresh, SITE)
    assert said == "site: results/index.html isn't there yet; to make it: snakemake --cores all"
    (finished.root / "results/tiny/notebook.html").unlink()
    assert "tiny/notebook.html, which isn't there" in refused(finished, SITE)


def test_a_site_that_no_host_takes_is_refused(finished, monkeypatch):
    from onset.export import site

    monkeypatch.setattr(site, "MOST_BYTES", 1000)
    folder = finished.root / "there"
    said = r"a site may have at most .*; the largest parts are .*(tiny|atlas)"
    with pytest.raises(site.TooLargeError, match=said):
        site.write_site(finished.root / "results", folder)
    assert not folder.exists()


def test_what_is_exported_disturbs_no_other_command(finished):
    """Nothing of it is a result: Snakemake and `make verify` go by what they know."""
    call(finished, EXPORT, "tiny/plain", "--last")
    call(finished, SITE)
    assert finished.plan() == {}
    assert "every file is what its record says" in call(finished, VERIFY)
    shutil.rmtree(finished.root / "results/export")
    assert all(is_file(path) for path in (finished.root / "results/site").rglob("*.html"))
