# Each study's page is ready as soon as its notebook is, the front page once all are. They take a moment:
# on a cluster they are made where Snakemake runs.
localrules:
    study_page,
    front_page,


rule study_page:
    input:
        "<study>/notebook.html",
        "<study>/summary.csv",
        lambda w: jobs.made_by_notebook(w.study),
    output:
        "<study>/index.html",
    log:
        "<log>/{study}/page.log",
    priority: jobs.priority
    params:
        settings=lambda w: jobs.study_page(w.study),
        code=jobs.code_of("gallery"),
    shell:
        "python -m onset.stages.gallery {output} --settings {params.settings:q} --log {log}"


rule front_page:
    input:
        jobs.study_pages,
        jobs.atlas_page,
    output:
        f"{project.results}/index.html",
    log:
        "<log>/front_page.log",
    params:
        settings=jobs.front_page,
        code=jobs.code_of("gallery"),
    shell:
        "python -m onset.stages.gallery {output} --settings {params.settings:q} --log {log}"
