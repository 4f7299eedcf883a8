"""Where it runs: Ray actors and the command line. Imports `pipeline`, never the other way.

`driver` carries out a run from the process that asked for it, `intake` walks over its sources
beside that, `on_ray` does its work. `coordinator` is the loop and owns no truth: `flow` decides
what runs next, `calls` are what it asks for, `dispatch` makes them, `claims` keeps account of
documents, `admission` takes them in within `bounds`, `settlement` lets them out, `persisting`
watches the queue, `lease` keeps what is claimed, `ending` knows why it is to end, `actor_pools`
starts the actors and asks them, `ledger_thread` waits for PostgreSQL. `stage_actor`
hosts one stage, which `stage_worker` calls; `persistence_actor` drains the write-behind queue into
PostgreSQL; `cluster` starts Ray; `cli` and `commands` are what a person types. Every actor may die
at any time: its state is in PostgreSQL, or can be rebuilt from it.
"""
