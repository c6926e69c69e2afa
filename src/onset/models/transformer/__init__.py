"""A decoder-only transformer, TransformerLens's native model with loops and early readout."""
