"""The heavy libraries, each adapted in one file. Empty on purpose."""
