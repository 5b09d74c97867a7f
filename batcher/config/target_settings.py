"""What is set for one target: an account and Region, the credentials and the pace to use there."""

from typing import Annotated

from msgspec import Meta, Struct

from batcher.config.value_kinds import MOST, Concurrency, Endpoint, Rate, Share, about

REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""What of the environment says the Region where no setting does, the first one first."""


class TargetSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one target needs: an account and Region, the credentials and the pace to use there."""

    region: Annotated[str | None, about("AWS Region; default: AWS_REGION, or the profile's.")] = (
        None
    )
    account: Annotated[
        Annotated[str, Meta(pattern=r"^[0-9]{12}\Z")] | None,
        about(
            "Account that it has to be; another, or one that STS does not tell, is refused.",
            metavar="12 DIGITS",
        ),
    ] = None
    profile: Annotated[str | None, about("Profile of the AWS configuration files.")] = None
    role_arn: Annotated[str | None, about("Role to assume with those credentials.")] = None
    external_id: Annotated[str | None, about("External id that the role asks for.")] = None
    role_session_name: Annotated[
        str, about("Session name, as CloudTrail shows it, when a role is assumed.")
    ] = "batcher"
    endpoint_url: Annotated[
        Endpoint | None, about("Call this address instead of AWS's own.", metavar="http[s]://HOST")
    ] = None
    rate: Annotated[
        Rate, about("Requests per second at most, or auto: find the quota.", metavar="auto|N")
    ] = "auto"
    burst: Annotated[
        Annotated[float, Meta(ge=1, le=MOST)] | None,
        about("Requests that may leave at once after a pause; 1 spaces them evenly.", metavar="N"),
    ] = None
    share: Annotated[
        Share, about("Part of the quota to use; the rest is left to others.", metavar="P%")
    ] = Share("100%")
    read_rate: Annotated[
        Rate, about("Reads per second at most, or auto: find that quota.", metavar="auto|N")
    ] = "auto"
    concurrency: Annotated[
        Concurrency,
        about(
            "Requests in flight at once at most, or auto: what rate and latency ask for.",
            metavar="auto|N",
        ),
    ] = "auto"
    protected: Annotated[
        bool,
        about("Have the name of the target typed, or given with --confirm, and a --reason.", "run"),
    ] = False

    @property
    def ceiling(self) -> float | None:
        """Requests per second at most; None: as many as the quota allows."""
        return None if self.rate == "auto" else self.rate

    @property
    def read_ceiling(self) -> float | None:
        """Reads per second at most; None: as many as their quota allows."""
        return None if self.read_rate == "auto" else self.read_rate
