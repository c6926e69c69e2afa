"""What a person asks of the project beside Snakemake, mostly through make."""
