"""What a worker shows of itself: probes, metrics, a page for people.

Nothing here changes anything.
"""
