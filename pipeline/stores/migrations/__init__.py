"""The schema's history. Revisions are applied by `pipeline.stores.migrating.migrate`."""

HEAD = "0012"
"""The revision that this version of casegraph works with."""
