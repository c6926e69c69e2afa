"""Neurons of several runs."""
