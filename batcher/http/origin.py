"""Where a connection goes to."""

from typing import NamedTuple


class Origin(NamedTuple):
    """``scheme``: http or https; ``host``: a name or an address, without brackets."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """Host and port as a request names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"
