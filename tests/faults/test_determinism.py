"""Where a study runs, and on how many cores, changes no byte of it."""

from __future__ import annotations

import pytest

from tests.faults.conftest import contents, said
from tests.files import differing

pytestmark = pytest.mark.slow


def test_another_folder_and_another_number_of_cores(undisturbed, fresh):
    assert fresh.root != undisturbed.root
    done = fresh.snakemake("--cores", "1")
    assert done.returncode == 0, said(done)
    assert differing(contents(fresh), contents(undisturbed)) == []
