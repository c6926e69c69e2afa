"""One thin entry point per rule. Each also runs by hand: `python -m onset.stages.train --help`."""
