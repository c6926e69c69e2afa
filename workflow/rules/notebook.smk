# A rule per study, because each declares its own figures and tables.
for study in project.studies:

    rule:
        name:
            f"notebook_{study}"
        input:
            notebook=f"workflow/notebooks/{study}.py",
            measures=jobs.studies.measures_of(study),
            analyses=jobs.studies.analyses_of(study),
            comparisons=jobs.comparisons.tables_of(study),
            summary=jobs.studies.summary_of(study),
            quoted=jobs.notebooks.quoted_summaries(study),
            weights=jobs.weights.of_study(study),
            settings=f"{project.results}/{study}/settings/notebook.json",
        output:
            notebook=f"{project.results}/{study}/notebook.ipynb",
            page=report(
                f"{project.results}/{study}/notebook.html",
                category=jobs.report.category(study),
                caption="../report/notebook.rst",
                labels=jobs.report.labels(study),
            ),
            numbers=f"{project.results}/{study}/numbers.json",
            figures=[
                (
                    report(
                        path,
                        category=jobs.report.category(study),
                        caption="../report/figure.rst",
                        labels=jobs.report.labels(study, path),
                    )
                    if path.endswith(".png")
                    else path
                )
                for path in jobs.notebooks.figures_of(study)
            ],
            tables=jobs.notebooks.tables_of(study),
            reference=jobs.notebooks.reference_of(study),
        log:
            f"{project.results}/logs/{study}/notebook.log",
        priority: project.priority(study)
        params:
            study=subpath(output.page, parent=True),
            code=jobs.notebooks.code(study),
        shell:
            "python -m onset.workflow.launch notebook {input.notebook} {params.study}"
            " --settings {input.settings} --code {params.code} --log {log}"
