# On a cluster, nodes seldom have LaTeX: the paper is made where Snakemake runs.
localrules:
    paper,
    arxiv,


rule paper:
    input:
        sources=jobs.paper.sources,
        results=jobs.paper.inputs,
        settings="<paper>/settings/paper.json",
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
        code=code_of("paper"),
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
        code=code_of("arxiv"),
    shell:
        "python -m onset.stages.arxiv {params.source}/source {output} --log {log}"
