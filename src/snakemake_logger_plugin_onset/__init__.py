"""Shows how far a call of Snakemake is, and about how long it still takes: `snakemake --logger onset`.

A package of its own, because Snakemake finds its plugins by their names. It knows nothing of Onset.
"""

from snakemake_logger_plugin_onset.handler import LogHandler, LogHandlerSettings

__all__ = ["LogHandler", "LogHandlerSettings"]
