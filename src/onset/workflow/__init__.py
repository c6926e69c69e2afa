"""What the rules ask: jobs, messages, durations, the fork server and commands."""
