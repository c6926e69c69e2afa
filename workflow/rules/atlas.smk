# The head atlas: a job per study, because opening the libraries takes longer than looking at a model.
rule heads:
    input:
        jobs.atlas.runs_with_heads,
        settings="<study>/settings/heads.json",
    output:
        "<atlas>/studies/{study}.parquet",
    log:
        "<log>/{study}/heads.log",
    priority: jobs.runs.priority
    threads: project.settings.threads
    resources:
        gpu=jobs.runs.gpus,
    params:
        study=f"{project.results}/{{study}}",
        code=jobs.atlas.heads_code,
    shell:
        "python -m onset.workflow.launch heads {params.study} {output}"
        " --settings {input.settings} --code {params.code} --log {log}"


rule atlas:
    input:
        jobs.atlas.heads,
        settings="<atlas>/settings/tables.json",
    output:
        heads="<atlas>/heads.parquet",
        untrained="<atlas>/untrained.parquet",
        ablations="<atlas>/ablations.parquet",
        names="<atlas>/names.json",
    log:
        "<log>/atlas.log",
    params:
        folder=subpath(output[0], parent=True),
        code=code_of("atlas"),
    shell:
        "python -m onset.stages.atlas {params.folder}"
        " --settings {input.settings} --code {params.code} --log {log}"


rule atlas_notebook:
    input:
        rules.atlas.output,
        notebook="workflow/notebooks/atlas.py",
        settings="<atlas>/settings/notebook.json",
    output:
        notebook="<atlas>/notebook.ipynb",
        page=report(
            "<atlas>/notebook.html",
            category=jobs.report.category("atlas"),
            caption="../report/notebook.rst",
            labels=jobs.report.labels("atlas"),
        ),
        numbers="<atlas>/numbers.json",
        figures=[
            (
                report(
                    path,
                    category=jobs.report.category("atlas"),
                    caption="../report/figure.rst",
                    labels=jobs.report.labels("atlas", path),
                )
                if path.endswith(".png")
                else path
            )
            for path in jobs.atlas.figures
        ],
    log:
        "<log>/atlas_notebook.log",
    params:
        folder=subpath(output.page, parent=True),
        code=jobs.atlas.notebook_code,
    shell:
        "python -m onset.stages.notebook {input.notebook} {params.folder}"
        " --settings {input.settings} --code {params.code} --log {log}"
