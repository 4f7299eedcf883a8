"""The registry: which names of a project are names of one thing. Pure."""
