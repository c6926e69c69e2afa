# Each study's pages are ready as soon as its notebook is, the front page once all are. They take moments:
# on a cluster they are made where Snakemake runs.
localrules:
    front_page,


# A rule per study, because each has a page for each of its conditions and figures.
for study in jobs.pages.shown:

    rule:
        name:
            f"pages_{study}"
        input:
            jobs.pages.inputs(study),
            settings=f"{project.results}/{study}/settings/pages.json",
        output:
            jobs.pages.of(study),
        log:
            f"{project.results}/logs/{study}/pages.log",
        priority: jobs.pages.priority(study)
        localrule: True
        params:
            results=subpath(output[0], ancestor=2),
            code=jobs.pages.code(study),
        shell:
            "python -m onset.workflow.launch gallery {params.results}"
            " --settings {input.settings} --log {log}"


rule front_page:
    input:
        jobs.pages.all,
    output:
        f"{project.results}/index.html",
        "<log>/times.js",
    log:
        "<log>/front_page.log",
    params:
        results=subpath(output[0], parent=True),
        # A function's text is taken as it is, and braces in it name no wildcards.
        settings=lambda wildcards: jobs.pages.front_page_settings,
        code=code_of("gallery"),
    shell:
        "python -m onset.workflow.launch gallery {params.results} --settings {params.settings:q} --log {log}"
