"""The head atlas: every attention head of every trained model, what it is like and what it is for.

`probe` makes the sequences that heads are shown, `scores` says where they look and what they copy, and
`ablation` what is lost without them: of any model that TransformerLens opens. `look` does that for a run
of the pipeline, `combine` puts all runs together, `kinds` says what they are, and `reading` is for people.
"""
