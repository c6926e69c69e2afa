"""What the rules need: jobs, messages, durations, the fork server and commands."""
