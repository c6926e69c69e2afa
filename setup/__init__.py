"""What a bare machine needs before anything of Onset can run.

Standard library only: nothing is installed yet when this runs. `make setup` calls it before every
other target, so it must cost nothing when there is nothing to do.
"""
