"""Write the gallery without the runs, for any static host: results/site.

Front page, pages of studies and conditions, figures with their data, notebooks, the views inside the
models, and the paper. It opens from disk, too. docs/export.md says how to put it on a host.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from onset.store.origin import DamagedFileError
from onset.store.recording import LeadsOutsideError
from onset.workflow.commands.destination import RefusedError, add_destination, destination
from onset.workflow.commands.project import add_config_arguments, read_project

FOLDER = "site"
"""in results/"""


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m onset.workflow.commands.site", description=__doc__, allow_abbrev=False
    )
    add_destination(parser, "results/site")
    add_config_arguments(parser)
    arguments = parser.parse_args()
    results = Path(read_project(arguments.configfile, arguments.config).results)
    from onset.export.site import FRONT, TooLargeError, write_site

    try:
        if not (results / FRONT).is_file():
            raise RefusedError(
                f"{results / FRONT} isn't there yet; to make it: snakemake --cores all"
            )
        folder = destination(arguments.to, results / FOLDER)
        site = write_site(results, folder)
    except (RefusedError, TooLargeError, DamagedFileError, LeadsOutsideError, OSError) as error:
        sys.exit(f"site: {error}")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(
        f"{folder / FRONT}: {len(site.pages)} pages, {size / 1e6:.1f} MB; "
        f"{len(site.left)} linked files left out"
    )


if __name__ == "__main__":
    main()
