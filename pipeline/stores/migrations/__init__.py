"""The schema's history. Revisions are applied by `pipeline.stores.migrating.migrate`."""

HEAD = "0011"
"""The revision that this version of casegraph works with."""
