"""What the rules ask of the config: paths, settings and code of each job, by its wildcards.

Answers stand on each other: about `runs`, `studies`, the head `atlas`, `views` of the models, `pages`, what
`readers` see, and the `whole`.
"""

from onset.workflow.jobs.whole import Jobs

__all__ = ["Jobs"]
