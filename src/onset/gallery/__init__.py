"""The static site: plain HTML that opens from disk, without a network.

`front` makes the front page, `study`, `condition` and `figure` those below it, all from templates.
"""
