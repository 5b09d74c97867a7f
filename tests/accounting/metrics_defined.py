"""The metrics that are defined, in the order of their module."""

from batcher.accounting import metric_definitions
from batcher.accounting.metric_definitions import MetricDefinition

DEFINED = [each for each in vars(metric_definitions).values() if isinstance(each, MetricDefinition)]
