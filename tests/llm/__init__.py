"""Tests with a real language model. `make test-llm` fetches it; nothing else collects them."""
