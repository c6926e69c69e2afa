rule analyse:
    input:
        dataset="<run>/dataset.safetensors",
        checkpoints="<run>/checkpoints/index.json",
        weights=jobs.weights.of_run,
        parent=jobs.runs.drawn_from_index,
    output:
        "<run>/analyses.parquet",
    log:
        "<log>/{study}/{condition}/seed_{seed}/analyse.log",
    priority: jobs.runs.priority
    threads: project.settings.threads
    resources:
        gpu=jobs.runs.gpus,
    params:
        run=subpath(output[0], parent=True),
        settings=lambda w: jobs.runs.condition(w).analyse_job,
        code=lambda w: jobs.runs.code("analyse", w),
        parent=jobs.runs.drawn_from_option,
    shell:
        "python -m onset.workflow.launch analyse {params.run}"
        " --settings {params.settings:q} --code {params.code} {params.parent} --log {log}"
