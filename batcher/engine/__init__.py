"""The loop: pacing, retrying, running. It knows ports and rules, and nothing outside them."""
