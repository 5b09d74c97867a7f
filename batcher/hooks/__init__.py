"""Hooks: commands and webhooks that are told of what happens in a run."""
