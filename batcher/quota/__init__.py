"""What a quota is, found out from answers: the rate estimator and its model of the bucket.

Pure: no I/O, no clock, no asyncio; time is an argument, in seconds.
"""
