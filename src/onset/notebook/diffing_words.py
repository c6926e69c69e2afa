"""What figures of model diffing call what its comparisons yield: measures and tools, by name."""

from __future__ import annotations

COURSE = {"changed_asked": "changed", "kept_asked": "kept"}
TOOLS = {
    "kl": "divergence of answers", "norm": "distance of states", "means": "difference of means",
    "pca": "first component", "swap": "one part swapped", "crosscoder": "crosscoder: exclusive",
    "halves": "crosscoder: halves apart", "dictionary": "dictionary of the new model",
    "random": "null: random direction",
}  # fmt: skip
DURING = {
    "kl": TOOLS["kl"], "norm": TOOLS["norm"], "means": TOOLS["means"], "pca": TOOLS["pca"],
    "random": TOOLS["random"],
}  # fmt: skip
"""tools that are cheap enough for every step"""
NEEDS = {
    "kl": "answers", "norm": "states", "means": "states", "pca": "states", "random": "states",
    "swap": "weights", "crosscoder": "a dictionary", "halves": "a dictionary",
    "dictionary": "a dictionary",
}  # fmt: skip
"""of both models"""
PLACES = {
    "changed_asked 2": "changed, at the end", "changed_asked 1": "changed, before the end",
    "kept_asked 2": "kept, at the end", "kept_asked 1": "kept, before the end",
    "unknown_facts 1": "never taught",
}  # fmt: skip
NAMED = {"tokens_named": "largest divergence", "tokens_named_by_chance": "null: at random"}
SWAPPED = {
    "embedding": "embeddings", "positions": "positions", "norms": "norms", "attention": "attention",
    "mlp": "MLP",
}  # fmt: skip
GIVEN = {"new": "new in old", "old": "old in new"}
STATES = {
    "0 0": "entity, embedded", "0 1": "first relation, embedded", "0 2": "second, embedded",
    "1 0": "entity, 1 block", "1 1": "first relation, 1 block", "1 2": "second, 1 block",
    "2 2": "second, 2 blocks",
}  # fmt: skip
FORETOLD = {
    "harm_by_gradient": "gradient", "harm_by_margin": "margin", "harm_by_similarity": "similarity",
    "harm_by_overlap": "shared tokens", "harm_by_chance": "null: at random",
}  # fmt: skip
UNSEEN = {
    "unseen_harm": "rank correlation", "unseen_harm_shuffled": "null: shuffled harm",
    "worst_foretold": "worst tenth found", "worst_by_chance": "null: at random",
}  # fmt: skip
TAUGHT = {"kept_facts": "forgotten before", "unknown_facts": "never known"}
REMINDED = {"reminded_facts": "taught again", "unmentioned_facts": "not mentioned"}
WHAT_IS_READ = {"facts": "facts", "composed": "two hops"}
READ = {
    "said": "own answers", "read": "probe", "read_of_forgotten": "probe, forgotten",
    "read_shuffled": "null: shuffled",
}  # fmt: skip
REWIRED = {
    "attention_cosine": "attention: cosine", "mlp_cosine": "MLP: cosine", "mlp_scale": "MLP: norm",
    "same_places": "neurons' places", "intruders": "intruders",
}  # fmt: skip
EFFECTS = {
    "attention_for_old": "attention: old, before", "attention_for_new": "attention: new, after",
    "mlp_for_old": "MLP: old, before", "mlp_for_new": "MLP: new, after",
}  # fmt: skip
LATENTS = {
    "exclusive_latents": "new model's alone", "confirmed_latents": "confirmed by scaling",
    "lost_latents": "old model's alone",
}  # fmt: skip
STRENGTHS = {"strength_then": "kept", "strength_of_changed": "changed"}
STAGES = {
    "turned_recall": "latents that turn", "turned_recall_random": "null: others",
    "turned_by_chance": "null: at random", "latent_places": "places kept",
    "latent_places_by_chance": "null: of another",
}  # fmt: skip
STEERED = {"means": "difference of means", "pca": "first component", "random": "null: random"}
STEERING = {"gives": "new in old", "takes": "old in new", "disturbs": "others changed"}
