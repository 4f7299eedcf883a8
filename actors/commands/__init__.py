"""One file for each group of commands; `actors.cli` imports them when they are called."""
