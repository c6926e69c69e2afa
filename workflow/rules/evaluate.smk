rule evaluate:
    input:
        dataset="<run>/dataset.safetensors",
        checkpoints="<run>/checkpoints/index.json",
    output:
        "<run>/measures.parquet",
    params:
        run=subpath(output[0], parent=True),
        settings=lambda w: jobs.condition(w).evaluate_job,
        code=lambda w: jobs.code("evaluate", w),
    log:
        "<log>/{study}/{condition}/seed_{seed}/evaluate.log",
    priority: jobs.priority
    threads: project.settings.threads
    resources:
        gpu=jobs.gpus,
    shell:
        "{PYTHON} -m onset.stages.evaluate {params.run}"
        " --settings {params.settings:q} --code {params.code} --log {log}"


rule summarise:
    input:
        jobs.measures,
    output:
        "<study>/summary.csv",
    params:
        study=subpath(output[0], parent=True),
        settings=jobs.study_settings,
        code=jobs.code_of("summarise"),
    log:
        "<log>/{study}/summarise.log",
    priority: jobs.priority
    shell:
        "{PYTHON} -m onset.stages.summarise {params.study}"
        " --settings {params.settings:q} --code {params.code} --log {log}"
