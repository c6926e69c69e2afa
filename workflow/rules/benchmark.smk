# Not part of `all`: timings are no results, and they differ from call to call.
rule benchmarks:
    input:
        f"{project.results}/benchmarks/training_step.csv",
        f"{project.results}/benchmarks/instances.csv",
        f"{project.results}/benchmarks/tools.csv",
        f"{project.results}/benchmarks/startup.csv",
        f"{project.results}/benchmarks/planning.csv",
        f"{project.results}/benchmarks/costs.csv",


rule benchmark_training_step:
    output:
        f"{project.results}/benchmarks/training_step.csv",
    log:
        "<log>/benchmark_training_step.log",
    threads: 1000  # all there are: alone on the machine
    shell:
        "PYTHONPATH=$PYTHONPATH:. python -m benchmarks.training_step {output} 2>&1 | tee {log}"


rule benchmark_instances:
    output:
        f"{project.results}/benchmarks/instances.csv",
    log:
        "<log>/benchmark_instances.log",
    threads: 1000  # all there are: alone on the machine
    shell:
        "PYTHONPATH=$PYTHONPATH:. python -m benchmarks.instances {output} 2>&1 | tee {log}"


rule benchmark_tools:
    output:
        f"{project.results}/benchmarks/tools.csv",
    log:
        "<log>/benchmark_tools.log",
    threads: 1000  # all there are: alone on the machine
    shell:
        "PYTHONPATH=$PYTHONPATH:. python -m benchmarks.tools {output} 2>&1 | tee {log}"


rule benchmark_startup:
    input:
        f"{project.results}/index.html",
    output:
        f"{project.results}/benchmarks/startup.csv",
    log:
        "<log>/benchmark_startup.log",
    threads: 1000  # all there are: alone on the machine
    params:
        results=subpath(output[0], ancestor=2),
    shell:
        "PYTHONPATH=$PYTHONPATH:. python -m benchmarks.startup {params.results} {output} 2>&1 | tee {log}"


rule benchmark_planning:
    output:
        f"{project.results}/benchmarks/planning.csv",
    log:
        "<log>/benchmark_planning.log",
    threads: 1000  # all there are: alone on the machine
    shell:
        "python benchmarks/planning.py {output} 2>&1 | tee {log}"


# It keeps the costs of earlier reproductions in benchmarks/costs/, which isn't declared as an output:
# Snakemake would remove it before each call.
rule benchmark_costs:
    input:
        f"{project.results}/index.html",
    output:
        f"{project.results}/benchmarks/costs.csv",
    log:
        "<log>/benchmark_costs.log",
    params:
        results=subpath(output[0], ancestor=2),
        threads=project.settings.threads,
    shell:
        "PYTHONPATH=$PYTHONPATH:. python -m benchmarks.costs {params.results} {params.threads} {output}"
        " 2>&1 | tee {log}"
