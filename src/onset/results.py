"""The public interface for reading results, by hand or in a notebook.

from onset.results import open_run, open_study

run = open_run("composition", "shared_per_hop", seed=0)
run.bridge().run_with_cache(...)         # the final model in TransformerLens
run.bridge()(run.tokens("e3 r1 r2"))     # asked a sequence of one's own
run.batch(0)                             # the batch of its first update
open_study("composition").measures       # every measurement of every run, tidy
"""

from __future__ import annotations

from onset.runs.opening import open_run, open_study
from onset.runs.run import Run
from onset.runs.study import Study

__all__ = ["Run", "Study", "open_run", "open_study"]
