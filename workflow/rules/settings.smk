# What a job about many conditions is told, as a file: hundreds of them are too long for a command line.
# Jobs of single runs are told theirs on it.
localrules:
    settings,


rule settings:
    input:
        "workflow/templates/settings.json",
    output:
        "<study>/settings/{stage,[a-z][a-z0-9_]*}.json",
    log:
        "<log>/{study}/settings_{stage}.log",
    # It takes no time, and what it is for should wait for nothing else.
    priority: 1000000
    params:
        settings=jobs.settings,
    template_engine:
        "jinja2"
