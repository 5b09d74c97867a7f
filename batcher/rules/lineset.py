"""A set of line numbers, one bit each."""


class LineSet:
    """Line numbers, from 0; grows with the highest one."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, line: int) -> None:
        if line >> 3 >= len(self._bytes):
            self._bytes.extend(bytes((line >> 3) + 1 - len(self._bytes) + 4096))
        self._bytes[line >> 3] |= 1 << (line & 7)

    def __contains__(self, line: int) -> bool:
        return line >> 3 < len(self._bytes) and bool(self._bytes[line >> 3] & 1 << (line & 7))
