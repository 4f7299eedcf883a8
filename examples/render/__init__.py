"""Render the example corpus from the texts in `examples/sources`."""
