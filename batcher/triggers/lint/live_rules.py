"""What is wrong with a trigger among the integrations that are live."""

from collections.abc import Collection, Iterator

from batcher.triggers.lint.finding import Finding, LintCode

NEVER_FIRES = LintCode(
    code="BT150",
    name="no-integration",
    severity="warning",
    title="No integration names the trigger",
    reason=(
        "A trigger fires only where an integration of its domain names it (PutIntegration with"
        " EventTriggerNames). This one reaches nobody, whatever is set."
    ),
    instead="Put the integration there, or look whether this is the trigger that was meant.",
    example=({"DomainName": "acme", "EventTriggerName": "a", "SegmentFilter": "vip"},),
)
CODES = (NEVER_FIRES,)


def unattached(trigger: str, attached: Collection[str]) -> Iterator[Finding]:
    """BT150. ``attached``: the triggers of its domain that integrations name."""
    if trigger not in attached:
        said = "no integration of its domain names it, and so it never fires"
        yield Finding(code=NEVER_FIRES, path=("EventTriggerName",), message=said)
