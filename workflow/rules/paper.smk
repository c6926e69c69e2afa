# On a cluster, nodes seldom have LaTeX: the paper is made where Snakemake runs.
localrules:
    paper_settings,
    paper,
    arxiv,


# As a file: what is said of hundreds of conditions is too long for a command line.
rule paper_settings:
    input:
        "workflow/templates/settings.json",
    output:
        "<paper>/settings.json",
    log:
        "<log>/paper_settings.log",
    params:
        # A function, because an answer has braces, which Snakemake would take for wildcards.
        settings=lambda w: jobs.paper_settings,
    template_engine:
        "jinja2"


rule paper:
    input:
        sources=jobs.paper_sources,
        results=jobs.paper_inputs,
        settings=rules.paper_settings.output,
    output:
        report(
            "<paper>/paper.pdf",
            category="Paper",
            caption="../report/paper.rst",
            labels={"name": "paper", "shows": "All studies, with methods and every condition"},
        ),
    log:
        "<log>/paper.log",
    params:
        results=subpath(output[0], ancestor=2),
        code=jobs.code_of("paper"),
    shell:
        "python -m onset.stages.paper paper {params.results}"
        " --settings {input.settings} --log {log}"


# The paper's sources alone, as arXiv takes them: `make arxiv`.
rule arxiv:
    input:
        rules.paper.output,
    output:
        "<paper>/arxiv.tar.gz",
    log:
        "<log>/arxiv.log",
    params:
        source=subpath(input[0], parent=True),
        code=jobs.code_of("arxiv"),
    shell:
        "python -m onset.stages.arxiv {params.source}/source {output} --log {log}"
