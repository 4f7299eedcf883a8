"""The schema's history. Revisions are applied by `pipeline.stores.migrating.migrate`."""

HEAD = "0013"
"""The revision that this version of casegraph works with."""
