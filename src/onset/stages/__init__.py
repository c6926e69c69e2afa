"""One thin entry point per rule. Each can be run by hand: `python -m onset.stages.train --help`."""
