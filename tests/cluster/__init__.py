"""Runs on a Ray cluster that is there: started by `ray start`, on this machine."""
