rule evaluate:
    input:
        dataset="<run>/dataset.safetensors",
        checkpoints="<run>/checkpoints/index.json",
        weights=jobs.weights.of_run,
    output:
        "<run>/measures.parquet",
    log:
        "<log>/{study}/{condition}/seed_{seed}/evaluate.log",
    priority: jobs.runs.priority
    threads: project.settings.threads
    resources:
        gpu=jobs.runs.gpus,
    params:
        run=subpath(output[0], parent=True),
        settings=lambda w: jobs.runs.condition(w).evaluate_job,
        code=lambda w: jobs.runs.code("evaluate", w),
    shell:
        "python -m onset.workflow.launch evaluate {params.run}"
        " --settings {params.settings:q} --code {params.code} --log {log}"


rule summarise:
    input:
        jobs.studies.measurements,
        settings="<study>/settings/summarise.json",
    output:
        "<study>/summary.csv",
        "<study>/quantities.json",
    log:
        "<log>/{study}/summarise.log",
    priority: jobs.runs.priority
    params:
        study=subpath(output[0], parent=True),
        code=code_of("summarise"),
    shell:
        "python -m onset.workflow.launch summarise {params.study}"
        " --settings {input.settings} --code {params.code} --log {log}"
