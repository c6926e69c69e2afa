# The head atlas: a job per study, because opening the libraries takes longer than looking at a model.
rule heads:
    input:
        jobs.runs_with_heads,
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
        settings=jobs.heads_settings,
        code=jobs.heads_code,
    shell:
        "python -m onset.launch heads {params.study} {output}"
        " --settings {params.settings:q} --code {params.code} --log {log}"


rule atlas:
    input:
        jobs.heads,
    output:
        heads="<atlas>/heads.parquet",
        untrained="<atlas>/untrained.parquet",
        ablations="<atlas>/ablations.parquet",
        names="<atlas>/names.json",
    log:
        "<log>/atlas.log",
    params:
        folder=subpath(output[0], parent=True),
        # A function, because titles may have braces, which Snakemake would take for wildcards.
        settings=lambda w: jobs.atlas_settings,
        code=jobs.code_of("atlas"),
    shell:
        "python -m onset.stages.atlas {params.folder}"
        " --settings {params.settings:q} --code {params.code} --log {log}"


rule atlas_notebook:
    input:
        rules.atlas.output,
        notebook="workflow/notebooks/atlas.py",
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
        parameters=lambda w: jobs.atlas_parameters,
    shell:
        "python -m onset.stages.notebook {input.notebook} {params.folder}"
        " --parameters {params.parameters:q} --figures mosaic --log {log}"
