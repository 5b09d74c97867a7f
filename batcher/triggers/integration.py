"""What of an integration and of tags may be copied to another trigger of the same account."""

from collections.abc import Mapping
from typing import Any

from batcher.foreign_text import printable
from batcher.target_identity import TargetIdentity

OF_A_FLOW = ("WorkflowId", "IsUnstructured")  # members that show it was made with FlowDefinition
RESERVED = "aws:"  # keys of tags that only AWS sets


def copied_integration(
    shown: Mapping[str, Any],
    taken: Mapping[str, Mapping[str, Any]],
    place: TargetIdentity,
    members: frozenset[str],
) -> dict[str, Any] | str:
    """The request that makes such an integration in another domain; or why there is none.

    ``shown``: as ListIntegrations shows it; ``taken``: those of the other domain, by URI;
    ``place``: where both are; ``members``: those that PutIntegration takes. Not said is the domain.
    """
    uri = shown["Uri"]
    what = f"the integration {printable(uri)}"
    if there := taken.get(uri):
        names = ", ".join(there.get("EventTriggerNames", ())) or "no trigger"
        return f"{what}: one of that URI is there already, and names {printable(names)}"
    if any(shown.get(member) for member in OF_A_FLOW):
        return f"{what}: it was made with a flow, which AWS does not show"
    for member in ("Uri", "RoleArn"):
        if (foreign := _elsewhere(str(shown.get(member, "")), place)) is not None:
            return f"{what}: its {member} is of {foreign}"
    request = {name: shown[name] for name in sorted(members & shown.keys()) if shown[name]}
    if tags := copied_tags(request.pop("Tags", {}), {}):
        request["Tags"] = tags
    request.pop("DomainName", None)
    return request


def copied_tags(tags: Mapping[str, str], there: Mapping[str, str]) -> dict[str, str]:
    """The tags that can be set and are not there; a value that is there stays."""
    return {
        key: value
        for key, value in tags.items()
        if key not in there and not key.lower().startswith(RESERVED)
    }


def _elsewhere(arn: str, place: TargetIdentity) -> str | None:
    """The other account or Region that an ARN is of; None: neither, or it is no ARN."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return None
    region, account = parts[3], parts[4]
    if account.isdecimal() and account != place.account:
        return f"account {account}"
    return f"Region {printable(region)}" if region and region != place.region else None
