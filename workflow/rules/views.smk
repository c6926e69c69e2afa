# What pages show of the models inside. A rule per study, because each has its own conditions.
for study in project.studies:
    if jobs.views_of(study):

        rule:
            name:
                f"views_{study}"
            input:
                jobs.viewed_runs(study),
                settings=f"{project.results}/{study}/settings/views.json",
            output:
                jobs.views_of(study),
            log:
                f"{project.results}/logs/{study}/views.log",
            priority: project.priority(study)
            threads: project.settings.threads
            resources:
                gpu=jobs.gpus,
            params:
                study=subpath(output[0], ancestor=2),
                code=jobs.views_code(study),
            shell:
                "python -m onset.workflow.launch views {params.study}"
                " --settings {input.settings} --code {params.code} --log {log}"
