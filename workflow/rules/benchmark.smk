# Not part of `all`: timings are no results, and they differ from call to call.
rule benchmarks:
    input:
        f"{project.results}/benchmarks/training_step.csv",


rule benchmark_training_step:
    output:
        f"{project.results}/benchmarks/training_step.csv",
    log:
        "<log>/benchmark_training_step.log",
    shell:
        "python benchmarks/training_step.py {output} 2>&1 | tee {log}"
