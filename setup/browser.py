"""What the tests of the gallery look at it with: a browser of the Chromium family, from the system."""

import ctypes.util
import shutil
import sys

from setup import debian
from setup.console import SetupError, choice, say

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Its driver, a Python package, comes without the one library that a minimal Debian doesn't have.
PACKAGES = ("chromium", "fonts-dejavu-core", "libatomic1")


def program() -> str | None:
    """The browser's path."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def missing() -> list[str]:
    driven = sys.platform != "linux" or ctypes.util.find_library("atomic")
    return [*([] if program() else ["chromium"]), *([] if driven else ["libatomic"])]


def main() -> None:
    """Install what is missing if that needs no password; else say what to type, and stop."""
    if choice("ONSET_BROWSER", ("yes", "no"), "yes") == "no" or not (absent := missing()):
        return
    if not debian.can_install():
        by_hand = debian.by_hand(PACKAGES) if debian.here() else "install Chromium or Chrome"
        raise SetupError(
            f"a browser, to test the gallery in, is missing ({', '.join(absent)}) and cannot be "
            f"installed from here; type: {by_hand}; or leave those tests out with BROWSER=no: "
            "make test BROWSER=no"
        )
    say(f"installing with apt-get, about a minute: {' '.join(PACKAGES)}")
    debian.install(PACKAGES)
