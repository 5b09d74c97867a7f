"""Memory that was freed, given back to the system where the C library would keep it.

It keeps what lies between blocks that are still in use, and asks for more where a larger one is
needed: what many small blocks have taken is then missing for good.
"""

import ctypes


def give_back_memory() -> bool:
    """Give back what is free, a matter of milliseconds; returns whether this system can."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
    if trim is None:
        return False
    trim(0)
    return True
