"""What is wrong with how an attribute is named: by a path in the object, or by a mapped field."""

import re
from collections.abc import Iterator
from typing import Any

from batcher.triggers.lint.finding import Definition, Finding, LintCode, LintContext, Path
from batcher.triggers.lint.sample_conditions import attribute, compared, condition, trigger

_PREFIX = "_source."
_ODD = re.compile(
    r"""
      \s                # blanks
    | ^\$ | [/\\*?'"]   # the marks of JSONPath, JSON Pointer and wildcards
    | ^\. | \.\. | \.$  # a part without a name
    | \[(?!\d+\])       # an index that is no number
    """,
    re.VERBOSE,
)


def attributes_of(definition: Definition) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each attribute of the conditions with its path, in the order in which they stand there."""
    for first, one in enumerate(definition.get("EventTriggerConditions") or ()):
        for second, dimension in enumerate(one["EventTriggerDimensions"]):
            above = ("EventTriggerConditions", first, "EventTriggerDimensions", second)
            for third, entry in enumerate(dimension["ObjectAttributes"]):
                yield (*above, "ObjectAttributes", third), entry


def attribute_name_findings(definition: Definition, _context: LintContext) -> Iterator[Finding]:
    """Attributes that name nothing or two things, and paths that look odd."""
    prefixed, bare = list[Path](), list[Path]()
    for path, entry in attributes_of(definition):
        source, field = entry.get("Source"), entry.get("FieldName")
        if source is None and field is None:
            yield Finding(code=NEITHER, path=path, message="has neither Source nor FieldName")
        elif source is not None and field is not None:
            yield Finding(code=BOTH, path=path, message="has both Source and FieldName")
        if source is not None:
            (prefixed if source.startswith(_PREFIX) else bare).append((*path, "Source"))
            if _ODD.search(source):
                message = "is {}: no plain path"
                yield Finding(
                    code=ODD_SOURCE, path=(*path, "Source"), message=message, values=(source,)
                )
        if field is not None and (field.startswith(_PREFIX) or _ODD.search(field)):
            message = "is {}: it reads like a path in the object"
            yield Finding(
                code=PATH_AS_FIELD, path=(*path, "FieldName"), message=message, values=(field,)
            )
    if prefixed and bare:
        fewer = min(prefixed, bare, key=len)
        with_or_without = "with" if fewer is prefixed else "without"
        message = f"is written {with_or_without} _source. in front, unlike others"
        yield Finding(code=MIXED_PREFIX, path=fewer[0], message=message)


_NUMBER = {"ComparisonOperator": "GREATER_THAN", "Values": ["100"]}

NEITHER = LintCode(
    code="BT040",
    name="no-source-or-field",
    severity="error",
    title="An attribute with neither Source nor FieldName",
    reason="It does not say what is to be compared.",
    instead="Name a path in the object with Source, or a mapped field with FieldName.",
    example=trigger(condition("ALL", [_NUMBER])),
    mended=trigger(condition("ALL", [{"Source": "total", **_NUMBER}])),
)
BOTH = LintCode(
    code="BT041",
    name="source-and-field",
    severity="warning",
    title="An attribute with both Source and FieldName",
    reason="AWS's guide allows one of them only, and does not say which of two counts.",
    instead="Keep the one that is meant.",
    example=trigger(condition("ALL", [{"Source": "total", "FieldName": "Total", **_NUMBER}])),
    mended=trigger(condition("ALL", [{"FieldName": "Total", **_NUMBER}])),
)
ODD_SOURCE = LintCode(
    code="BT042",
    name="odd-source",
    severity="warning",
    title="A Source that is no plain path",
    reason=(
        "It has blanks, empty parts, or marks of JSONPath or JSON Pointer. Most likely there is "
        "nothing at that path, and what is missing meets no comparison."
    ),
    instead="Write the names from the object down with dots between, as in items[0].price.",
    example=compared("$.order.total", "GREATER_THAN", "100"),
    mended=compared("order.total", "GREATER_THAN", "100"),
)
PATH_AS_FIELD = LintCode(
    code="BT043",
    name="path-as-field-name",
    severity="warning",
    title="A FieldName that reads like a path",
    reason="FieldName is the name of a field that the object type maps; _source. begins a path.",
    instead="Write it as Source, or name the mapped field.",
    example=trigger(condition("ALL", [{"FieldName": "_source.total", **_NUMBER}])),
    mended=trigger(condition("ALL", [{"Source": "_source.total", **_NUMBER}])),
)
MIXED_PREFIX = LintCode(
    code="BT044",
    name="mixed-source-prefix",
    severity="info",
    title="Source with _source. here and without it there",
    reason="Both may be right, but where one of them is not, its comparison is never met.",
    instead="Write all of them in one way, as the mapping of the object type does.",
    example=trigger(
        condition(
            "ALL",
            [attribute("_source.total", "GREATER_THAN", "100")],
            [attribute("country", "INCLUSIVE", "NL")],
        )
    ),
    mended=trigger(
        condition(
            "ALL",
            [attribute("_source.total", "GREATER_THAN", "100")],
            [attribute("_source.country", "INCLUSIVE", "NL")],
        )
    ),
)

ATTRIBUTE_NAME_CODES = (NEITHER, BOTH, ODD_SOURCE, PATH_AS_FIELD, MIXED_PREFIX)
