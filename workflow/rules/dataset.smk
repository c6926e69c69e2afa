rule dataset:
    output:
        "<run>/dataset.safetensors",
    log:
        "<log>/{study}/{condition}/seed_{seed}/dataset.log",
    priority: jobs.priority
    params:
        run=subpath(output[0], parent=True),
        settings=lambda w: jobs.condition(w).dataset_job,
        code=lambda w: jobs.code("dataset", w),
    shell:
        "python -m onset.launch dataset {params.run}"
        " --settings {params.settings:q} --code {params.code} --log {log}"
