"""A client of HTTP/1.1 over bare asyncio: connections that are kept, and one answer a request.

Knows nothing of AWS. Why not a library: its layers cost more CPU than the whole of an update here.
"""
