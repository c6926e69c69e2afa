"""What the rules ask of the config: the paths, settings and code of each job, by wildcards.

Each kind of jobs is a part (`onset.workflow.jobs.part`); `Jobs` puts them together.
"""

from onset.workflow.jobs.part import code_of
from onset.workflow.jobs.whole import Jobs

__all__ = ["Jobs", "code_of"]
