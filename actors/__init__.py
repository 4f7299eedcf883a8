"""Where it runs: Ray actors and the command line. Imports `pipeline`, never the other way.

`driver` carries out a run from the process that asked for it, `intake` walks over its sources
beside that, `on_ray` does its work on a Ray that `cluster` starts or `joining` joins, whose nodes
add their `node_settings` to the `workplace`. `coordinator` is the loop and owns no truth: `flow`
decides what runs next, `calls` are what it asks for, `dispatch` makes them, `claims` keeps account
of documents, `admission` takes them in within `bounds`, `settlement` lets them out, `persisting`
watches the queue, `lease` keeps what is claimed, `ending` knows why it is to end. `topology` and
`balance` decide how many actors stand on which node, `balancing` sees to it, `actor_pools` starts
them and asks them; `ledger_thread` waits for PostgreSQL. `stage_actor` hosts one stage, which
`stage_worker` calls and `process_limits` limits; `deaths` says why a process died;
`persistence_actor` drains the write-behind queue into PostgreSQL; `tally` sums up, `broadcast`
tells, `metrics` measures. `cli` and `commands` are what a person types. Every actor may die at any
time: its state is in PostgreSQL, or can be rebuilt from it.
"""
