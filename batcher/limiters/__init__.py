"""Buckets of tokens: who hands them out. Each module is one adapter of the Limiter port."""
