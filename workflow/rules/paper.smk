rule paper:
    input:
        sources=jobs.paper_sources,
        results=jobs.paper_inputs,
    output:
        "<paper>/paper.pdf",
    params:
        results=project.results,
        settings=jobs.paper_settings,
        code=jobs.code_of("paper"),
    log:
        "<log>/paper.log",
    shell:
        "{PYTHON} -m onset.stages.paper paper {params.results}"
        " --settings {params.settings:q} --log {log}"
