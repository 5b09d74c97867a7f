"""An organization for tests: 45 accounts in one unit, one suspended, a unit in a unit."""

import json
from pathlib import Path
from typing import Any

SHOPS = [f"{number:012}" for number in range(1, 46)]
MANAGEMENT, DEEP, GONE, TOP = "9" * 12, "8" * 12, "7" * 12, "6" * 12
ROOT, PROD, INNER, EMPTY = "r-ab12", "ou-ab12-11111111", "ou-ab12-22222222", "ou-ab12-33333333"


def write_organization(folder: Path, **more: Any) -> Path:
    inner = {"id": INNER, "accounts": [{"id": DEEP, "name": "deep"}]}
    shops = [{"id": each, "name": f"shop {int(each)}"} for each in SHOPS]
    gone = {"id": GONE, "name": "gone", "state": "SUSPENDED"}
    prod = {"id": PROD, "name": "prod", "accounts": [*shops, gone], "units": [inner]}
    top = [{"id": TOP, "name": "top"}]
    root = {"id": ROOT, "accounts": top, "units": [prod, {"id": EMPTY, "name": "empty"}]}
    path = folder / "organization.json"
    path.write_text(json.dumps({"id": "o-exampleorg1", "roots": [root], **more}))
    return path
