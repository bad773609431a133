"""The training loop and what it feeds, watches and saves."""
