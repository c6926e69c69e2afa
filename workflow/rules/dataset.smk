rule dataset:
    input:
        parent=jobs.runs.drawn_from_index,
        weights=jobs.weights.of_run,
    output:
        "<run>/dataset.safetensors",
    log:
        "<log>/{study}/{condition}/seed_{seed}/dataset.log",
    priority: jobs.runs.priority
    threads: project.settings.threads
    params:
        run=subpath(output[0], parent=True),
        settings=lambda w: jobs.runs.condition(w).dataset_job,
        code=lambda w: jobs.runs.code("dataset", w),
        parent=jobs.runs.drawn_from_option,
    shell:
        "python -m onset.workflow.launch dataset {params.run}"
        " --settings {params.settings:q} --code {params.code} {params.parent} --log {log}"
