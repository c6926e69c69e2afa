"""What is gathered over all studies, a package each, called as its file in `config/collections/`.

Its jobs load these modules by name:

* `look`, with `look(subject) -> Iterator[dict]`: the rows of one finished run (`subject.Subject`), all of
  the same columns, which hold what Parquet takes: numbers, texts, lists of them;
* `combine`, with `combine(rows) -> Mapping[str, DataFrame]`: the tables that its file declares, made of the
  rows of all runs, which have the columns study, condition and seed in front;
* `pages`, if its file declares any, with `pages(folder) -> Iterator[Page]` (`onset.collections.reading`):
  those, and others that they lead to.

They are apart so that what is said of the rows can change without a model being asked again. Whatever else
stands in the package is its own: mostly a `reading` for people, on top of the general one.
"""
