"""The report on a run as one HTML file, for people: nothing in it is loaded from elsewhere."""

from batcher.pages.environment import render_page
from batcher.report.conclusion import conclusion
from batcher.report.run_report import RunReport
from batcher.report.target_facts import target_places, targets_amiss
from batcher.report.timeline_plots import timeline_plots


def render(report: RunReport) -> str:
    """The page that shows all of a report. Every value is escaped; long lists are cut and counted.

    It has the conclusion first, and what to do; then what came of the updates, when, and why.
    """
    return render_page(
        "batcher.report",
        "report.html",
        report=report,
        conclusion=conclusion(report),
        plots=timeline_plots(report),
        shown_outcomes=_shown_outcomes(report),
        several_targets=len(report.targets) > 1,
        targets_amiss=targets_amiss(report.targets),
        target_places=target_places(report.targets),
    )


def _shown_outcomes(report: RunReport) -> dict[str, int]:
    """The outcomes of which there are any, and in any case how many succeeded or failed."""
    always = ("succeeded", "failed")
    found = report.named_outcomes.items()
    return {status: count for status, count in found if count or status in always}
