# Checkpoints aren't declared one by one: Snakemake removes a failed job's outputs, and an interrupted
# training must find its checkpoints again. The index is written last and holds their checksums.
rule train:
    input:
        dataset="<run>/dataset.safetensors",
        parent=jobs.parent_index,
    output:
        checkpoints="<run>/checkpoints/index.json",
        log="<run>/training.parquet",
    log:
        "<log>/{study}/{condition}/seed_{seed}/train.log",
    priority: jobs.priority
    threads: project.settings.threads
    resources:
        gpu=jobs.gpus,
    params:
        run=subpath(output.log, parent=True),
        settings=lambda w: jobs.condition(w).train_job,
        code=lambda w: jobs.code("train", w),
        parent=jobs.parent_option,
    shell:
        "python -m onset.launch train {params.run}"
        " --settings {params.settings:q} --code {params.code} {params.parent} --log {log}"
