"""What Onset adds to every Snakemake call in its environment.

`snakemake --logger onset` shows how far the call is, and about how long it still takes; and whatever the
call, no config runs code.

A package of its own, because Snakemake finds its plugins by their names.
"""

from snakemake_logger_plugin_onset.handler import LogHandler, LogHandlerSettings
from snakemake_logger_plugin_onset.reading import read_without_code

__all__ = ["LogHandler", "LogHandlerSettings"]

read_without_code()
