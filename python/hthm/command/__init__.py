"""The command line: subcommands, what comes before their work, and how long it will take."""
