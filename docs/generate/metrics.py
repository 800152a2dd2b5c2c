"""`docs/reference/metrics.md`: every Prometheus metric of the service."""

from collections.abc import Iterator

from prometheus_client.metrics import MetricWrapperBase

from docs.generate.markdown import code, codes, page, table
from service.observability.metrics import Metrics

INTRODUCTION = """\
`GET /metrics` answers in the text format of Prometheus and needs a key with the scope `metrics:read`. Under
several workers the figures of all of them are merged. Labels take few values: routes appear as templates
(`/users/{user_id}/persona`); no label holds a user, a value of a profile or a model version.

Which figures to watch, and what to do about them: [operations](../operations.md#watch-it)."""


def metrics_page() -> str:
    """The page."""
    return page("Metrics", INTRODUCTION, table(["Metric", "Type", "Labels", "Meaning"], _rows(Metrics())))


def _rows(metrics: Metrics) -> Iterator[list[str]]:
    collectors = [value for value in vars(metrics).values() if isinstance(value, MetricWrapperBase)]
    for collector in collectors:
        [family] = collector.describe()
        name = f"{family.name}_total" if family.type == "counter" else family.name
        # prometheus_client has no public name for a collector's labels.
        yield [code(name), family.type, codes(collector._labelnames), family.documentation]
