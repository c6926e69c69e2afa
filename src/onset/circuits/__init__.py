"""Circuits that are known: their declared form, and transformers whose weights are written by hand to have
them.

A known circuit is one file, `known/NAME.yaml` (`form.py` says how it is written). A model that has it and
nothing else is compiled from a plan (`assembly.py`) of the same name (`plans.py`).
"""
