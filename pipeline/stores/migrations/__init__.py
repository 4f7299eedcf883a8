"""The schema's history. Revisions are applied by `pipeline.stores.postgres.migrate`."""

HEAD = "0004"
"""The revision that this version of casegraph works with."""
