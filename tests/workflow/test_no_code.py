"""A config from someone else runs no code, wherever it comes from, and says why in a line.

Snakemake evaluates Python in configs and profiles with `__use_yte__: true`. Each here would make a file.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow

_MADE = "made_by_the_config"
_EVIL = f"__use_yte__: true\nthreads: ?int(open('{_MADE}', 'w').write('x'))\n"


@pytest.fixture
def project(fresh):
    (fresh.root / "evil.yaml").write_text(_EVIL)
    return fresh


def said(project, *arguments: str) -> str:
    """What a call that is refused says, which runs nothing of the config."""
    done = project.snakemake("--cores", "1", *arguments)
    assert not (project.root / _MADE).exists()
    assert done.returncode == 1
    words = done.stdout + done.stderr
    assert "Traceback" not in words
    assert len(words.splitlines()) < 9
    return words


def test_snakemake_alone_would_run_it(project):
    """Or the others would show nothing."""
    evaluate = "from yte import process_yaml as p; p(open('evil.yaml'), require_use_yte=True)"
    project.python("-c", evaluate)
    assert (project.root / _MADE).exists()


def test_in_the_config(project):
    path = project.root / project.config
    path.write_text(_EVIL + path.read_text())
    assert "config/config.yaml: __use_yte__: with this key Snakemake runs Python" in said(project)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--configfile", "evil.yaml"),
        ("--configfiles", "config/smoke.yaml", "evil.yaml"),
        ("--configfile=evil.yaml", "--workflow-profile", "none"),
        ("--profile", "profiles/theirs"),
    ],
    ids=" ".join,
)
def test_in_a_file_of_the_command_line(project, arguments):
    (project.root / "profiles/theirs").mkdir()
    (project.root / "profiles/theirs/config.yaml").write_text("configfile: [evil.yaml]\n")
    assert "evil.yaml: __use_yte__: with this key Snakemake runs Python" in said(
        project, *arguments
    )


def test_in_an_option(project):
    words = said(project, "--config", "__use_yte__=true", f"threads=?open('{_MADE}', 'w')")
    assert "--config __use_yte__: with this key Snakemake runs Python" in words


@pytest.mark.parametrize("option", ["--profile", "--workflow-profile"])
def test_in_a_profile(project, option):
    (project.root / "evil.yaml").write_text(_EVIL.replace("threads", "cores"))
    assert "evil.yaml: __use_yte__: with this key" in said(project, option, "./evil.yaml")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--configfile", "config"), "config: it is a folder; expected a file"),
        (("--config", "training.steps=5"), "--config training.steps=5: a key has no dots"),
        (("--config", "a=1", "--config", "b=1"), "--config appears twice on the command line"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_read_is_told_in_a_line(project, arguments, says):
    assert says in said(project, *arguments)


def test_what_is_data_is_read_as_before(project):
    (project.root / "mine.yaml").write_text(yaml.safe_dump({"seeds": [1], "results": "results/a"}))
    planned = project.plan("--configfile", "mine.yaml", "--config", "seeds=[2]")
    assert "train tiny/plain/2" in planned
    assert Path("results/a/tiny/plain/seed_2/dataset.safetensors") in map(
        Path, planned["train tiny/plain/2"]
    )
