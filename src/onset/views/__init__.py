"""Views: what a page's reader sees of a model, without running it.

`chosen` picks sequences and checkpoints, `watching` follows attention and the logit lens during training,
`excite` finds what heads and neurons of the last checkpoint respond to, `packing` makes text of numbers,
and `view` puts it all together for a run. What comes out is JSON:

* `study`, `condition`, `seed`, and `origin` as every artefact has it;
* `steps`: of the checkpoints that are followed, of the schedule, its first and last among them;
* `vocabulary`: the names of all tokens that appear below, where tokens are numbers of this list;
* `n_heads` of each layer; a layer is a block application, so that loops are unrolled;
* `examples`: sequences that are followed. Each has `split`, `held_out`, `tokens`, `scored` positions and
  their `right` tokens, `n_layers` after which it is answered, and packed, row by row (C order):
  `attention`, bytes [steps, n_layers, n_heads, cells], where the cells are the lower triangle of a pattern:
  query 0 to key 0; query 1 to keys 0, 1; …; `lens`, two-byte numbers of tokens
  [steps, n_layers + 1, positions, TOP_TOKENS], and `lens_shares`, bytes of the same shape: the likeliest
  tokens after the embedding and after each layer; `right_shares`, bytes [steps, n_layers + 1, scored].
  Bytes are shares of 255, two-byte numbers have their low byte first, and both are base64;
* `sequences` that heads and neurons were shown: `split`, `tokens`;
* `heads` and `neurons` of the last checkpoint: `layer`, `number`, and `top`: the sequences in which the
  largest values are found, largest first, with the `values` at all positions; of a head the norm of what it
  writes, of a neuron what it is after its activation;
* `layers`: for each, how many neurons there are in all, and how many of them no sequence excites.
"""
