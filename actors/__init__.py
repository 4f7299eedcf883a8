"""Where it runs: Ray actors and the command line. Imports `pipeline`, never the other way.

`coordinator` decides what runs next and owns no truth; `stage_actor` hosts one stage;
`persistence_actor` drains the write-behind queue into PostgreSQL; `cluster` starts Ray;
`cli` and `commands` are what a person types. Every actor may die at any time: its state is in
PostgreSQL, or can be rebuilt from it.
"""
