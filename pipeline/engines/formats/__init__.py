"""The readers: one file a family of formats, each a function from a job to `Pages`."""
