"""Where things are kept. Empty on purpose: importing protocols must not import a database."""
