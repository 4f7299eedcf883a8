"""One module a revision, with its SQL beside it."""
