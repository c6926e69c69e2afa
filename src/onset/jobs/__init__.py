"""What the rules ask of the config: paths, settings and code of each job, by its wildcards.

Answers stand on each other: about `runs`, `studies`, the head `atlas`, `views` of the models, and what
`readers` see.
"""

from onset.jobs.readers import Jobs

__all__ = ["Jobs"]
