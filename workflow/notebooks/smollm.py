# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A real pretrained model

# %% tags=["parameters"]
study_name = "smollm"
results = "results"

# %%
from onset.notebook.here import here

study = here(study_name, results)
study.save_numbers({"n_seeds": str(len(study.seeds))})
