"""A second evaluator, as plain and slow as can be, written from docs/semantics.md.

Shares no code with the first: options come as a dict of choices, dates are read by strptime, paths
are walked by recursion, and everything is done anew for every question.
"""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

NOTHING = object()
FORMATS = [
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M%z",
    "%Y-%m-%dT%H:%M:%S%z",
]
SPANS: dict = {}  # as read, for strptime is slow
OFFSETS = [
    f"{'-' if quarter < 0 else '+'}{abs(quarter) // 4:02}:{abs(quarter) % 4 * 15:02}"
    for quarter in range(-48, 57)
]


def fires(definition: dict, found: dict, options: dict, mapping: dict) -> bool:
    conditions = definition.get("EventTriggerConditions") or []
    if not conditions:
        return True
    return any(condition(each, found, options, mapping) for each in conditions)


def condition(each: dict, found: dict, options: dict, mapping: dict) -> bool:
    met = [
        all(attribute(one, found, options, mapping) for one in dimension["ObjectAttributes"])
        for dimension in each["EventTriggerDimensions"]
    ]
    if each["LogicalOperator"] == "ALL":
        return False not in met
    if each["LogicalOperator"] == "ANY":
        return True in met
    return True not in met


def depends_on(definition: dict, found: dict, options: dict, mapping: dict, choices: dict) -> set:
    """The options of which one other choice, the others as they are, changes whether it fires."""
    now = fires(definition, found, options, mapping)
    return {
        name
        for name, others in choices.items()
        if any(fires(definition, found, {**options, name: each}, mapping) != now for each in others)
    }


def attribute(each: dict, found: dict, options: dict, mapping: dict) -> bool:
    value = looked_up(each, found, options, mapping)
    operator, wanted = each["ComparisonOperator"], list(each["Values"])
    if options["trim"]:
        wanted = [text.strip() for text in wanted]
    singles = flat(value, options)
    if operator in ("BETWEEN", "NOT_BETWEEN"):
        return between(operator, singles, wanted, options)
    if operator in ("INCLUSIVE", "EXCLUSIVE"):
        return inclusive(operator, singles, isinstance(value, list), wanted, options)
    met = []
    for single in singles:
        answers = [compared(operator, single, text, options) for text in wanted]
        if None in answers and set(answers) <= {None, "bad"}:
            continue  # can't be compared
        answers = [answer is True for answer in answers]
        is_any = operator == "CONTAINS" or options["several_values"] == "any"
        met.append(any(answers) if is_any else all(answers))
    if not met:
        return False
    return any(met) if options["lists"] == "any" else all(met)


def looked_up(each: dict, found: dict, options: dict, mapping: dict) -> Any:
    source, field = each.get("Source"), each.get("FieldName")
    if source is not None and field is not None:
        source, field = (source, None) if options["both_named"] == "source" else (None, field)
    path = source if source is not None else mapping.get(field, field)
    if path is None:
        return NOTHING
    names = [path]
    if path.startswith("_source."):
        names.append(path[8:])
    for name in names:
        if name in found:
            return found[name]
        parts = name.replace("[", ".").replace("]", "").split(".")
        value, several = walked(found, parts)
        if value:
            return value if several else value[0]
    return NOTHING


def walked(value: Any, parts: list[str]) -> tuple[list, bool]:
    """All values that a path leads to, and whether it went through every entry of a list."""
    if not parts:
        return [value], False
    first, rest = parts[0], parts[1:]
    if isinstance(value, dict):
        return walked(value[first], rest) if first in value else ([], False)
    if isinstance(value, list) and first.isdigit():
        return walked(value[int(first)], rest) if int(first) < len(value) else ([], False)
    if isinstance(value, list):
        below = rest if first in ("", "*") else parts
        entries = value if first in ("", "*") else [e for e in value if isinstance(e, dict)]
        return [one for entry in entries for one in walked(entry, below)[0]], True
    return [], False


def flat(value: Any, options: dict) -> list:
    if isinstance(value, list):
        return [one for each in value for one in flat(each, options)]
    if isinstance(value, str):
        text = value.strip() if options["trim"] else value
        return [] if text == "" and options["empty_text"] == "missing" else [text]
    return [value] if isinstance(value, bool | int | float) else []


def text_of(single: Any, options: dict) -> str | None:
    if not isinstance(single, str):
        if options["numbers_as_text"] == "never":
            return None
        single = {True: "true", False: "false"}[single] if isinstance(single, bool) else str(single)
    return single if options["case_sensitive"] else single.casefold()


def number_of(single: Any, options: dict, of_trigger: bool = False) -> Any:
    if isinstance(single, bool):
        return None
    if isinstance(single, str):
        if not of_trigger and options["text_numbers"] == "texts":
            return None
        return parsed(single)
    return single


def parsed(text: str) -> Any:
    if not text or set(text) - set("0123456789+-.eE"):
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return float(number) if set(text) & set(".eE") else int(number)


def zone(options: dict) -> Any:
    name = options["timezone"]
    if name == "UTC":
        return UTC
    if name[0] in "+-":
        minutes = int(name[1:3]) * 60 + int(name[4:6])
        return timezone(timedelta(minutes=-minutes if name[0] == "-" else minutes))
    return ZoneInfo(name)


def span_of_date(single: Any, options: dict) -> tuple[datetime, datetime] | None:
    """The first and the last moment of what a value means as a date."""
    kept = type(single), single, options["timezone"], options["epoch"]
    if kept not in SPANS:
        SPANS[kept] = read_date(single, options)
    return SPANS[kept]


def read_date(single: Any, options: dict) -> tuple[datetime, datetime] | None:
    if isinstance(single, str):
        for format in FORMATS:
            try:
                moment = datetime.strptime(single, format)
            except ValueError:
                continue
            if moment.tzinfo is None:
                first = moment.replace(tzinfo=zone(options)).astimezone(UTC)
                if format == "%Y-%m-%d":
                    following = (moment + timedelta(days=1)).replace(tzinfo=zone(options))
                    return first, following.astimezone(UTC) - timedelta(microseconds=1)
                return first, first
            return moment.astimezone(UTC), moment.astimezone(UTC)
        single = parsed(single)
    if single is None or isinstance(single, bool):
        return None
    unit = options["epoch"]
    if unit == "auto":
        unit = "seconds" if abs(single) < 10**11 else "milliseconds"
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(**{unit: single})
    return moment, moment


def compared(operator: str, single: Any, wanted: str, options: dict) -> Any:
    """True, False, None where the value can't be compared, "bad" where the trigger's can't."""
    if operator in ("CONTAINS", "BEGINS_WITH", "ENDS_WITH"):
        text, part = text_of(single, options), text_of(wanted, options) or ""
        if text is None:
            return None
        if operator == "CONTAINS":
            return text == part if options["contains"] == "whole" else part in text
        return text[: len(part)] == part if operator == "BEGINS_WITH" else text.endswith(part)
    if operator == "EQUAL":
        return equal(single, wanted, options)
    if operator in ("BEFORE", "AFTER", "ON"):
        return dated(
            operator, span_of_date(single, options), span_of_date(wanted, options), options
        )
    number, bound = number_of(single, options), number_of(wanted, options, of_trigger=True)
    if number is None:
        return None
    if bound is None:
        return "bad"
    return {
        "GREATER_THAN": number > bound,
        "GREATER_THAN_OR_EQUAL": number >= bound,
        "LESS_THAN": number < bound,
        "LESS_THAN_OR_EQUAL": number <= bound,
    }[operator]


def equal(single: Any, wanted: str, options: dict) -> Any:
    number, bound = number_of(single, options), number_of(wanted, options, of_trigger=True)
    text = text_of(single, options) if options["equal_text"] == "text" else None
    if number is None and text is None:
        return None
    if number is not None and bound is not None:
        return number == bound
    return text is not None and text == text_of(wanted, options)


def dated(operator: str, seen: Any, bound: Any, options: dict) -> Any:
    if seen is None:
        return None
    if bound is None:
        return "bad"
    if operator == "BEFORE":
        return seen[0] < bound[0]
    if operator == "AFTER":
        return seen[0] > bound[1 if options["day_bound"] == "end" else 0]
    if options["on"] == "moment":
        return seen[0] == bound[0]
    here = zone(options)
    return seen[0].astimezone(here).date() == bound[0].astimezone(here).date()


def inclusive(operator: str, singles: list, is_list: bool, wanted: list, options: dict) -> bool:
    texts = [text for one in singles if (text := text_of(one, options)) is not None]
    if not texts:
        return operator == "EXCLUSIVE" and options["missing"] == "satisfied"
    held = []
    for each in wanted:
        part = text_of(each, options) or ""
        is_whole = options["inclusive_match"] == "whole"
        held.append(any(part == text if is_whole else part in text for text in texts))
    if operator == "EXCLUSIVE":
        return not any(held) if options["exclusive"] == "none" else not all(held)
    return all(held) if is_list or options["inclusive"] == "all" else any(held)


def between(operator: str, singles: list, wanted: list, options: dict) -> bool:
    nothing = operator == "NOT_BETWEEN" and options["missing"] == "satisfied"
    if len(wanted) != 2:
        return nothing
    numbers = [parsed(text) for text in wanted]
    dates = [span_of_date(text, options) for text in wanted]
    if None not in numbers:
        ends = [(number, number) for number in numbers]
        seen = [number_of(one, options) for one in singles]
    elif None not in dates:
        ends = dates
        spans = [span_of_date(one, options) for one in singles]
        seen = [None if span is None else span[0] for span in spans]
    else:
        return nothing
    seen = [one for one in seen if one is not None]
    if not seen:
        return nothing
    if options["reversed_ends"] == "swapped" and ends[0][0] > ends[1][0]:
        ends = ends[::-1]
    low, high = ends[0][0], ends[1][1 if options["day_bound"] == "end" else 0]
    if options["between"] == "inclusive":
        within = [low <= one <= high for one in seen]
    else:
        within = [low < one < high for one in seen]
    is_within = any(within) if options["lists"] == "any" else all(within)
    return is_within == (operator == "BETWEEN")
