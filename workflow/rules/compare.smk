# A job per group of runs that stand together, so that a condition or a seed more looks at nothing again.
rule compare:
    input:
        jobs.comparisons.indexes,
        lambda w: jobs.weights.of_study(w.study),
    output:
        f"<study>/comparisons/{{comparison,{NAME}}}/{{group,[a-z0-9_.-]+}}.parquet",
    log:
        "<log>/{study}/comparisons/{comparison}/{group}/compare.log",
    priority: jobs.runs.priority
    threads: project.settings.threads
    resources:
        gpu=jobs.runs.gpus,
    params:
        results=subpath(output[0], ancestor=4),
        settings=jobs.comparisons.settings,
        code=jobs.comparisons.code,
    shell:
        "python -m onset.workflow.launch compare {params.results} {output}"
        " --settings {params.settings:q} --code {params.code} --log {log}"


rule join:
    input:
        jobs.comparisons.groups,
    output:
        f"<study>/comparisons/{{comparison,{NAME}}}.parquet",
    log:
        "<log>/{study}/comparisons/{comparison}/join.log",
    priority: jobs.runs.priority
    params:
        code=code_of("join"),
    shell:
        "python -m onset.workflow.launch join {output} {input} --code {params.code} --log {log}"
