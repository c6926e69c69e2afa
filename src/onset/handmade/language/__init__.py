"""Tellers of stories, made by hand."""
