"""Which edges of a model an answer comes by: circuits found by machine, and hypotheses put to the test."""
