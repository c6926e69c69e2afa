"""The neuron library: every MLP neuron of every trained model, what it reads, writes and is for.

`shown` chooses held-out sequences, `facts` says what the world knows of the places in them, and
`descriptions` finds for each neuron the one that fits best; `activity`, `ablation`, `writing` and
`forming` look at the model. `look` does all that for a run, `combine` puts all runs together, `pages`
and `printed` make pages of it, and `reading` is for people.
"""
