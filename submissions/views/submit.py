"""The form: submit a model, submit it again, change a submission that waits."""

from __future__ import annotations

from typing import Any

from allauth.core.ratelimit import consume
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django.views.generic import View

from evaluation.encryption import CannotDecrypt
from submissions import hub
from submissions.checks import Check, Outcome, Standing, Subject, check_model, stops
from submissions.forms.submissions import SubmitForm
from submissions.metadata import EDITABLE, EditableFact, Metadata, editable_facts, shown_facts
from submissions.models import Submission
from submissions.selectors import submissions as selectors
from submissions.selectors.notifications import notices_in_form
from submissions.selectors.organisations import managed_submissions
from submissions.selectors.quotas import allowance
from submissions.selectors.wishes import wish_in_form
from submissions.services import submissions as services
from submissions.services.assessment import assess
from submissions.services.errors import NotPossible, SubmissionRefused
from submissions.services.notifications import choose_notices
from submissions.views.submissions import NEW_WEBHOOK, SignedInRequest

FACT, SAID = "fact-", "said-"
TOO_OFTEN = "You had many models read within a short time. Wait a minute, then try again."
SAID_BEFORE = "as it was shown before"
FORM_DECORATORS: list[Any] = [
    never_cache,
    login_required,
    permission_required("submissions.add_submission", raise_exception=True),
    sensitive_post_parameters("token"),
    require_http_methods(["GET", "HEAD", "POST"]),
]


class FormPage(View):
    """The form. Its button `check` only shows what the checks find; `submit` saves if none of them fails."""

    request: SignedInRequest

    def _show(self, form: SubmitForm, **context: Any) -> HttpResponse:
        about = {"form": form, "allowance": allowance(self.request.user), "address": self.request.path}
        if "editable" not in context:
            context["editable"] = self._editable_without_reading(context.get("editing") or context.get("previous"))
        return render(self.request, "submissions/submit.html", about | context, status=context.get("status"))

    def _read_too_often(self) -> bool:
        return not consume(self.request, action="read_model", user=self.request.user)

    def _show_checks(
        self,
        form: SubmitForm,
        checks: list[Check],
        *,
        metadata: Metadata | None = None,
        standing: Standing | None = None,
        **context: Any,
    ) -> HttpResponse:
        form.add_failed_checks(checks)
        if metadata:
            context["facts"] = [fact for fact in shown_facts(metadata) if fact.label not in _labels(metadata)]
            context["editable"] = editable_facts(metadata, self._edits(context.get("editing")))
        return self._show(form, checks=checks, refused=stops(checks), standing=standing, **context)

    def _edits(self, editing: Submission | None = None) -> dict[str, str]:
        """What was typed over what the page said of the model; what is as it was said is no correction.

        A form without these fields leaves the corrections of the submission that is changed as they are.
        """
        post = self.request.POST
        if not self._facts_are_given():
            return _texts(editing.edits) if editing else {}
        given = {name: post.get(f"{FACT}{name}", "").replace("\0", "") for name in EDITABLE}
        return {name: text for name, text in given.items() if text != post.get(f"{SAID}{name}", "")}

    def _facts_are_given(self) -> bool:
        return any(f"{FACT}{name}" in self.request.POST for name in EDITABLE)

    def _editable_without_reading(self, submission: Submission | None) -> list[EditableFact]:
        """On answers for which the model was not read: as the page before had them, else as a submission has them."""
        if self._facts_are_given():
            said = {name: self.request.POST.get(f"{SAID}{name}", "") for name in EDITABLE}
            shown = {name: {"value": value, "origin": SAID_BEFORE} for name, value in said.items() if value}
            return editable_facts(shown, self._edits())
        return editable_facts(submission.metadata, _texts(submission.edits)) if submission else []

    def _initial(self, submission: Submission) -> dict[str, Any]:
        return wish_in_form(submission) | notices_in_form(self.request.user, submission)

    def _keep_notices(self, form: SubmitForm, submission: Submission) -> None:
        """The submission's page, which comes next, shows the secret of a new webhook."""
        webhook = choose_notices(user=self.request.user, submission=submission, **form.notices())
        if webhook is not None:
            self.request.session[NEW_WEBHOOK] = webhook.pk


def _labels(metadata: Metadata | None) -> set[str]:
    """Of the facts that can be changed, which stand in the form and need not be listed above it."""
    return {fact.label for fact in editable_facts(metadata or {}, {})}


@method_decorator(FORM_DECORATORS, name="dispatch")
class Submit(FormPage):
    def get(self, request: SignedInRequest) -> HttpResponse:
        """Empty, as a link fills it in, or with what an earlier submission asked for: ?from=number."""
        if previous := self._previous(request.GET.get("from", "")):
            return self._show(SubmitForm(user=request.user, initial=self._initial(previous)), previous=previous)
        return self._show(SubmitForm(user=request.user, initial=_wish_in_address(request)))

    def post(self, request: SignedInRequest) -> HttpResponse:
        form, previous = SubmitForm(request.POST, user=request.user), self._previous(request.POST.get("previous", ""))
        if not form.is_valid():
            return self._show(form, previous=previous)
        if self._read_too_often():
            return self._show(form, previous=previous, too_often=TOO_OFTEN, status=429)
        wish = form.wish() | {"edits": self._edits()}
        if "check" in request.POST:
            found = assess(asked_by=request.user, **wish)
            return self._show_checks(
                form,
                found.checks,
                metadata=found.metadata,
                standing=found.standing,
                estimate=found.estimate,
                previous=previous,
            )
        try:
            submission = services.submit(submitter=request.user, previous=previous, **wish)
        except SubmissionRefused as refused:
            return self._show_checks(
                form, refused.checks, metadata=refused.metadata, standing=refused.standing, previous=previous
            )
        self._keep_notices(form, submission)
        messages.success(request, "Submitted. This page says what a moderator decides, and how the evaluation goes on.")
        return redirect(submission)

    def _previous(self, number: str) -> Submission | None:
        """One that the person may see; a number that leads nowhere is no reason to stop."""
        if not number.isdecimal() or len(number) > 12:
            return None
        return selectors.submission_detail(self.request.user).filter(pk=int(number)).first()


@method_decorator(FORM_DECORATORS, name="dispatch")
class Edit(FormPage):
    """The same form for a submission that waits. Whoever is too late is told so on the submission's page."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        submission = self._submission(pk)
        if not submission.can_be_edited:
            messages.error(request, f"{submission} cannot be changed any more: it is {submission.get_state_display()}.")
            return redirect(submission)
        form = self._form(submission, initial=self._initial(submission))
        return self._show(form, editing=submission)

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        submission = self._submission(pk)
        form = self._form(submission, request.POST)
        if not form.is_valid():
            return self._show(form, editing=submission)
        if self._read_too_often():
            return self._show(form, editing=submission, too_often=TOO_OFTEN, status=429)
        wish = self._wish(form, submission)
        try:
            if "check" in request.POST:
                found = assess(asked_by=submission.submitter, edited=submission, **wish)
                return self._show_checks(
                    form,
                    found.checks,
                    metadata=found.metadata,
                    standing=found.standing,
                    estimate=found.estimate,
                    editing=submission,
                )
            services.edit(submission=submission, edited_by=request.user, **wish)
        except SubmissionRefused as refused:
            return self._show_checks(
                form, refused.checks, metadata=refused.metadata, standing=refused.standing, editing=submission
            )
        except (NotPossible, CannotDecrypt) as error:
            messages.error(request, str(error))
            return redirect(submission)
        self._keep_notices(form, submission)
        messages.success(request, "Changed.")
        return redirect(submission)

    def _submission(self, pk: int) -> Submission:
        managed = managed_submissions(self.request.user).select_related("credential", "submitter", "organisation")
        return get_object_or_404(managed.prefetch_related("benchmarks", "tasks"), pk=pk)

    def _form(self, submission: Submission, *args: Any, **kwargs: Any) -> SubmitForm:
        form = SubmitForm(*args, user=self.request.user, **kwargs)
        if submission.submitter != self.request.user:
            form.fields.pop("organisation", None)
        return form

    def _wish(self, form: SubmitForm, submission: Submission) -> dict[str, Any]:
        """Whoever changes it for the submitter leaves what is not theirs to say: the team, and the server's folder."""
        wish = form.wish() | {"edits": self._edits(submission)}
        if submission.submitter != self.request.user:
            wish |= {"organisation": submission.organisation, "local_path": submission.local_path}
        return wish


@login_required
@permission_required("submissions.add_submission", raise_exception=True)
@sensitive_post_parameters("token")
@require_POST
def check_model_field(request: SignedInRequest) -> HttpResponse:
    """What the repository alone tells, while somebody still fills in the form."""
    name, revision = request.POST.get("model_name", ""), request.POST.get("revision", "")
    if not name.strip() or request.POST.get("local_path"):
        return HttpResponse()
    if not consume(request, action="read_model", user=request.user):
        checks = [Check(Subject.MODEL, Outcome.WARNING, TOO_OFTEN)]
        return render(request, "submissions/_checks.html", {"checks": checks})
    form = SubmitForm({"model_name": name, "revision": revision}, user=request.user)
    form.is_valid()
    data = form.cleaned_data
    try:
        token = request.POST.get("token", "").strip()
        snapshot = hub.read_model(data.get("model_name", name), data.get("revision", revision), token=token)
    except hub.RevisionUnknown as error:
        checks = [Check(Subject.REVISION, Outcome.ERROR, str(error))]
    except hub.HubError as error:
        checks = [Check(Subject.MODEL, Outcome.ERROR, str(error))]
    else:
        checks = check_model(snapshot)
    return render(request, "submissions/_checks.html", {"checks": checks})


def _texts(edits: dict[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in edits.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _wish_in_address(request: HttpRequest) -> dict[str, Any]:
    """What a link to the form asks for; else the first board of our own.

    ?model=…&revision=…&board=slug&task=…, with `tasks` for several names in one, and `missing` for the tasks of a board
    that the model has no score on.
    """
    asked = {name: [value.replace("\0", "") for value in values] for name, values in request.GET.lists()}
    model_name = asked.get("model", [""])[-1]
    slugs = asked.get("board", [])
    tasks = [*asked.get("task", []), *" ".join(asked.get("tasks", [])).replace(",", " ").split()]
    for slug in asked.get("missing", []):
        tasks += selectors.missing_task_names(model_name, slug)
    default = selectors.board_chosen_first() if not slugs and not tasks else None
    boards = selectors.boards_to_choose().filter(slug__in=slugs)
    return {
        "model_name": model_name,
        "revision": asked.get("revision", [""])[-1],
        "benchmarks": [default.pk] if default else [board.pk for board in boards],
        "tasks": "\n".join(dict.fromkeys(tasks)),
    }
