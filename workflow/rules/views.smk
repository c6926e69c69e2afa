# What pages show of the models inside. A rule per study, because each has its own conditions.
for study in project.studies:
    if jobs.views.of(study):

        rule:
            name:
                f"views_{study}"
            input:
                jobs.views.runs(study),
                jobs.weights.of_study(study),
                settings=f"{project.results}/{study}/settings/views.json",
            output:
                jobs.views.of(study),
            log:
                f"{project.results}/logs/{study}/views.log",
            priority: project.priority(study)
            threads: project.settings.threads
            resources:
                gpu=jobs.runs.gpus,
            params:
                study=subpath(output[0], ancestor=2),
                code=jobs.views.code(study),
            shell:
                "python -m onset.workflow.launch views {params.study}"
                " --settings {input.settings} --code {params.code} --log {log}"
