# On a cluster, nodes seldom have LaTeX: the paper is made where Snakemake runs.
localrules:
    paper,


rule paper:
    input:
        sources=jobs.paper_sources,
        results=jobs.paper_inputs,
    output:
        "<paper>/paper.pdf",
    log:
        "<log>/paper.log",
    params:
        results=subpath(output[0], ancestor=2),
        settings=lambda w: jobs.paper_settings,
        code=jobs.code_of("paper"),
    shell:
        "python -m onset.stages.paper paper {params.results}"
        " --settings {params.settings:q} --log {log}"
