"""Where the rules come from: the service model of the installed botocore, as a dict.

Nothing is decided here.
"""

from collections.abc import Mapping
from typing import Any

from botocore.loaders import Loader


def installed_service_model(loader: Loader | None = None) -> Mapping[str, Any]:
    """The service model of Customer Profiles in the installed botocore; its newest API version.

    ``loader`` keeps what it has read: with that of a session, the model is read once for both.
    """
    model: Mapping[str, Any] = (loader or Loader()).load_service_model(
        "customer-profiles", "service-2"
    )
    return model
