# Checkpoints aren't declared one by one: Snakemake removes a failed job's outputs, and an interrupted
# training must find its checkpoints again. The index is written last and holds their checksums.
if not jobs.populations:

    rule train:
        input:
            dataset="<run>/dataset.safetensors",
            parent=jobs.parent_index,
            sources=jobs.source_indexes,
        output:
            checkpoints="<run>/checkpoints/index.json",
            log="<run>/training.parquet",
        log:
            "<log>/{study}/{condition}/seed_{seed}/train.log",
        priority: jobs.priority
        threads: project.settings.threads
        params:
            run=subpath(output.log, parent=True),
            settings=lambda w: jobs.condition(w).train_job,
            code=lambda w: jobs.code("train", w),
            parent=jobs.parent_option,
            sources=jobs.sources_option,
        shell:
            "python -m onset.workflow.launch train {params.run} --settings {params.settings:q}"
            " --code {params.code} {params.parent} {params.sources} --log {log}"


# On a GPU the runs of a condition are one job: together they take hardly longer than one of them.
for population in jobs.populations:
    first = population[0]

    rule:
        name:
            f"train_{jobs.population_name(population)}"
        input:
            datasets=[f"{jobs.folder(run)}/dataset.safetensors" for run in population],
            parents=[index for run in population for index in jobs.parent_index(run)],
            sources=[index for run in population for index in jobs.source_indexes(run)],
        output:
            checkpoints=[f"{jobs.folder(run)}/checkpoints/index.json" for run in population],
            logs=[f"{jobs.folder(run)}/training.parquet" for run in population],
        log:
            f"{project.results}/logs/train_{jobs.population_name(population)}.log",
        priority: jobs.priority(first)
        threads: project.settings.threads
        resources:
            gpu=1,
        params:
            runs=[jobs.folder(run) for run in population],
            settings=lambda w, first=first: jobs.condition(first).train_job,
            code=jobs.code("train", first),
            parents=jobs.parents_option(population),
            sources=jobs.sources_option(first),
        shell:
            "python -m onset.workflow.launch train {params.runs} --settings {params.settings:q}"
            " --code {params.code} {params.parents} {params.sources} --log {log}"
