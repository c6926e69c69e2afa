"""Commands that a person runs besides Snakemake, mostly through make."""
