# What is gathered over all studies: rules per collection, because each declares its own tables and figures,
# and a job per study, because opening the libraries takes longer than looking at a model.
for collection in jobs.collections.names:

    rule:
        name:
            f"collect_{collection}"
        input:
            jobs.collections.runs(collection),
            lambda w: jobs.weights.of_study(w.study),
            settings=f"{project.results}/{collection}/settings/collect_{{study}}.json",
        output:
            f"{project.results}/{collection}/studies/{{study,{NAME}}}.parquet",
        log:
            f"{project.results}/logs/{collection}/collect_{{study}}.log",
        priority: jobs.runs.priority
        threads: project.settings.threads
        resources:
            gpu=jobs.runs.gpus,
        params:
            study=f"{project.results}/{{study}}",
            code=jobs.collections.collect_code(collection),
        shell:
            "python -m onset.workflow.launch collect {params.study} {output}"
            " --settings {input.settings} --code {params.code} --log {log}"

    rule:
        name:
            f"combine_{collection}"
        input:
            jobs.collections.collected(collection),
            settings=f"{project.results}/{collection}/settings/combine.json",
        output:
            jobs.collections.combined(collection),
            names=f"{project.results}/{collection}/names.json",
        log:
            f"{project.results}/logs/{collection}/combine.log",
        params:
            folder=subpath(output.names, parent=True),
            code=jobs.collections.combine_code(collection),
        shell:
            "python -m onset.workflow.launch combine {params.folder}"
            " --settings {input.settings} --code {params.code} --log {log}"

    rule:
        name:
            f"notebook_{collection}"
        input:
            jobs.collections.combined(collection),
            f"{project.results}/{collection}/names.json",
            notebook=f"workflow/notebooks/{collection}.py",
            settings=f"{project.results}/{collection}/settings/notebook.json",
        output:
            notebook=f"{project.results}/{collection}/notebook.ipynb",
            page=report(
                f"{project.results}/{collection}/notebook.html",
                category=jobs.report.category(collection),
                caption="../report/notebook.rst",
                labels=jobs.report.labels(collection),
            ),
            numbers=f"{project.results}/{collection}/numbers.json",
            figures=[
                (
                    report(
                        path,
                        category=jobs.report.category(collection),
                        caption="../report/figure.rst",
                        labels=jobs.report.labels(collection, path),
                    )
                    if path.endswith(".png")
                    else path
                )
                for path in jobs.collections.figures_of(collection)
            ],
            tables=jobs.collections.tables_of(collection),
        log:
            f"{project.results}/logs/{collection}/notebook.log",
        params:
            folder=subpath(output.page, parent=True),
            code=jobs.collections.notebook_code(collection),
        shell:
            "python -m onset.workflow.launch notebook {input.notebook} {params.folder}"
            " --settings {input.settings} --code {params.code} --log {log}"
