# What pages show of the models inside. A rule per study, because each has its own conditions.
for study in project.studies:
    if jobs.views_of(study):

        rule:
            name:
                f"views_{study}"
            input:
                jobs.viewed_runs(study),
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
                settings=lambda w, study=study: jobs.views_settings(study),
                code=jobs.views_code(study),
            shell:
                "python -m onset.launch views {params.study}"
                " --settings {params.settings:q} --code {params.code} --log {log}"
