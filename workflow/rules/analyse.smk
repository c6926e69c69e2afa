rule analyse:
    input:
        dataset="<run>/dataset.safetensors",
        checkpoints="<run>/checkpoints/index.json",
        parent=jobs.drawn_from_index,
    output:
        "<run>/analyses.parquet",
    log:
        "<log>/{study}/{condition}/seed_{seed}/analyse.log",
    priority: jobs.priority
    threads: project.settings.threads
    resources:
        gpu=jobs.gpus,
    params:
        run=subpath(output[0], parent=True),
        settings=lambda w: jobs.condition(w).analyse_job,
        code=lambda w: jobs.code("analyse", w),
        parent=jobs.drawn_from_option,
    shell:
        "python -m onset.workflow.launch analyse {params.run}"
        " --settings {params.settings:q} --code {params.code} {params.parent} --log {log}"
