# A pretrained model that a package ships is converted once, in a minute, into a cache next to results.
rule weights:
    output:
        ".weights/{weights,[A-Za-z0-9_.-]+}/origin.json",
    log:
        "<log>/weights_{weights}.log",
    priority: 1000000  # much waits for it
    params:
        folder=subpath(output[0], parent=True),
        settings=jobs.weights.settings,
        code=jobs.weights.code,
    shell:
        "python -m onset.workflow.launch weights {params.folder}"
        " --settings {params.settings:q} --code {params.code} --log {log}"
