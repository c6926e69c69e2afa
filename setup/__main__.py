"""`python3 -I setup STEP...`, from the top of the checkout; the Makefile says which steps, when."""

import importlib
import importlib.util
import sys
from pathlib import Path

if not __package__:
    # Called so, Python knows of this folder and not of the package; nor does it look for modules in the
    # current folder, where a `json.py` may lie, or in what a shell exports.
    package = Path(__file__).resolve().with_name("__init__.py")
    spec = importlib.util.spec_from_file_location("setup", str(package))
    sys.modules["setup"] = importlib.util.module_from_spec(spec)
    del sys.path[0]

from setup import interpreter

# modules of this package
STEPS = ("system", "environment", "browser", "lock", "weights", "slurm", "info")


def main(steps):
    """Do the steps in order. Returns 0, or the one line that says why one cannot be done."""
    if list(steps) == ["info"]:  # which says what is wrong with a Python among the rest
        from setup import info

        return info.main()
    # First, and before any module that an older Python could not even read.
    wrong = interpreter.problem()
    if wrong:
        return "onset: " + wrong
    for step in steps:
        if step not in STEPS:
            return f"onset: no step is called {step}: choose from {', '.join(STEPS)}"

    from setup.console import SetupError

    try:
        for step in steps:
            importlib.import_module(f"setup.{step}").main()
    except SetupError as stop:
        return f"onset: {stop}"
    except KeyboardInterrupt:
        return "onset: interrupted; the next call does again what was half done"
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
