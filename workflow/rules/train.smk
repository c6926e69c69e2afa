# Checkpoints aren't declared one by one: Snakemake removes a failed job's outputs, and an interrupted
# training must find its checkpoints again. The index is written last and holds their checksums.
if not jobs.populations.all:

    rule train:
        input:
            dataset="<run>/dataset.safetensors",
            parent=jobs.runs.parent_index,
            sources=jobs.runs.source_indexes,
            weights=jobs.weights.of_run,
        output:
            checkpoints="<run>/checkpoints/index.json",
            log="<run>/training.parquet",
        log:
            "<log>/{study}/{condition}/seed_{seed}/train.log",
        priority: jobs.runs.priority
        threads: project.settings.threads
        params:
            run=subpath(output.log, parent=True),
            settings=lambda w: jobs.runs.condition(w).train_job,
            code=lambda w: jobs.runs.code("train", w),
            parent=jobs.runs.parent_option,
            sources=jobs.runs.sources_option,
        shell:
            "python -m onset.workflow.launch train {params.run} --settings {params.settings:q}"
            " --code {params.code} {params.parent} {params.sources} --log {log}"


# On a GPU the runs of a condition are one job: together they take hardly longer than one of them.
for population in jobs.populations.all:
    first = population[0]

    rule:
        name:
            f"train_{jobs.populations.name(population)}"
        input:
            datasets=[f"{jobs.populations.folder(run)}/dataset.safetensors" for run in population],
            parents=[index for run in population for index in jobs.runs.parent_index(run)],
            sources=[index for run in population for index in jobs.runs.source_indexes(run)],
            weights=jobs.weights.of_run(first),
        output:
            checkpoints=[
                f"{jobs.populations.folder(run)}/checkpoints/index.json" for run in population
            ],
            logs=[f"{jobs.populations.folder(run)}/training.parquet" for run in population],
        log:
            f"{project.results}/logs/train_{jobs.populations.name(population)}.log",
        priority: jobs.runs.priority(first)
        threads: project.settings.threads
        resources:
            gpu=1,
        params:
            runs=[jobs.populations.folder(run) for run in population],
            settings=lambda w, first=first: jobs.runs.condition(first).train_job,
            code=jobs.runs.code("train", first),
            parents=jobs.runs.parents_option(population),
            sources=jobs.runs.sources_option(first),
        shell:
            "python -m onset.workflow.launch train {params.runs} --settings {params.settings:q}"
            " --code {params.code} {params.parents} {params.sources} --log {log}"
