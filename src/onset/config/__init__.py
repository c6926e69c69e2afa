"""The config files: read, merged and validated before the DAG exists."""

from onset.config.problems import ConfigError
from onset.config.project import Project, load_project, project_of

__all__ = ["ConfigError", "Project", "load_project", "project_of"]
