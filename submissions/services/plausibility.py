"""Computing what is unusual about a submission."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from evaluation.models import EvaluationUnit
from submissions.models import PlausibilityReport, Submission
from submissions.plausibility import findings, size_class
from submissions.selectors import plausibility as selectors
from submissions.selectors.submissions import cells_of


@transaction.atomic
def report_plausibility(*, submission: Submission) -> PlausibilityReport:
    """The report as things stand now, in place of the one before.

    How many results there are is counted first: one that arrives meanwhile makes the report outdated, so that it is
    computed again.
    """
    run = submission.run
    n_results = 0 if run is None else run.units.filter(state=EvaluationUnit.State.DONE).count()
    asked = cells_of(submission)
    facts = selectors.submission_facts(submission, list(asked))
    scores = selectors.own_scores(run)
    found = findings(facts, scores, selectors.competitors(scores, without=submission.model_name))
    report, _ = PlausibilityReport.objects.update_or_create(
        submission=submission,
        defaults={
            "computed_at": timezone.now(),
            "findings": [finding.as_json() for finding in found],
            "kinds": [finding.kind.value for finding in found],
            "size_class": size_class(facts.n_parameters),
            "n_results": n_results,
        },
    )
    return report
