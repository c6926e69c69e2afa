"""What the tests of the gallery look at it with: a browser of the Chromium family, from the system."""

import shutil

from setup import debian
from setup.console import SetupError, choice, say

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-dejavu-core")


def program() -> str | None:
    """The browser's path."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def main() -> None:
    """Install one if there is none and that needs no password; else say what to type, and stop."""
    if choice("ONSET_BROWSER", ("yes", "no"), "yes") == "no" or program():
        return
    if not debian.can_install():
        by_hand = debian.by_hand(PACKAGES) if debian.here() else "install Chromium or Chrome"
        raise SetupError(
            "a browser, to test the gallery in, is missing and cannot be installed from here; "
            f"type: {by_hand}; or leave those tests out with BROWSER=no: make test BROWSER=no"
        )
    say(f"installing with apt-get, about a minute: {' '.join(PACKAGES)}")
    debian.install(PACKAGES)
