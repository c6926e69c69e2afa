"""Whether two trainings lie in one basin, once the freedom of their units is used up."""
