# The head atlas: a job per study, because opening the libraries takes longer than looking at a model.
rule heads:
    input:
        jobs.runs_with_heads,
        settings="<study>/settings/heads.json",
    output:
        "<atlas>/studies/{study}.parquet",
    log:
        "<log>/{study}/heads.log",
    priority: jobs.priority
    threads: project.settings.threads
    resources:
        gpu=jobs.gpus,
    params:
        study=f"{project.results}/{{study}}",
        code=jobs.heads_code,
    shell:
        "python -m onset.workflow.launch heads {params.study} {output}"
        " --settings {input.settings} --code {params.code} --log {log}"


rule atlas:
    input:
        jobs.heads,
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
        code=jobs.code_of("atlas"),
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
            category=jobs.report_category("atlas"),
            caption="../report/notebook.rst",
            labels=jobs.report_labels("atlas"),
        ),
        numbers="<atlas>/numbers.json",
        figures=[
            (
                report(
                    path,
                    category=jobs.report_category("atlas"),
                    caption="../report/figure.rst",
                    labels=jobs.report_labels("atlas", path),
                )
                if path.endswith(".png")
                else path
            )
            for path in jobs.atlas_figures
        ],
    log:
        "<log>/atlas_notebook.log",
    params:
        folder=subpath(output.page, parent=True),
        code=jobs.atlas_notebook_code,
    shell:
        "python -m onset.stages.notebook {input.notebook} {params.folder}"
        " --settings {input.settings} --code {params.code} --log {log}"
