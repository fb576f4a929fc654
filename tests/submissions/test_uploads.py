"""Uploads of finished results: looked at, taken in, decided, and on the boards."""

from __future__ import annotations

import io
import tarfile
from functools import partial
from pathlib import Path

import pytest
import zstandard
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from leaderboard.models import AuditEntry, BoardRow, ModelMeta, SourceKind, TaskResult
from submissions.models import ResultUpload, UploadedFile
from submissions.services import uploads as services
from submissions.services.errors import NotPossible, ReasonMissing
from submissions.upload_archive import Entry, Offer
from tests.factories import make_benchmark, make_model, make_result, make_task
from tests.factories_submissions import make_moderator, make_user
from tests.factories_uploads import COMMIT, folder_of, make_upload, meta_file, offer_of, result_file, uploaded, zip_of

SAMPLE = Path(__file__).resolve().parents[3] / "shared" / "results" / "sample.tar.zst"

pytestmark = pytest.mark.django_db


def test_a_results_folder_becomes_an_upload_for_each_revision() -> None:
    task, other = make_task(), make_task()
    first, second = make_model(), make_model()
    files = folder_of(first.name, COMMIT, {f"{task.name}.json": result_file(task)})
    files |= folder_of(second.name, COMMIT, {f"{of.name}.json": result_file(of) for of in (task, other)})
    verdict = services.assess_upload(offer=offer_of(zip_of(files)))
    assert not verdict.is_refused
    made = services.take_in(submitter=make_user(), verdict=verdict)
    assert [(upload.model_name, upload.files.count()) for upload in made] == [(first.name, 1), (second.name, 2)]
    assert not TaskResult.objects.exists()


def test_loose_files_take_model_and_revision_from_the_form() -> None:
    task, model_meta = make_task(), make_model()
    offer = offer_of(uploaded(f"{task.name}.json", result_file(task)))
    assert services.assess_upload(offer=offer).is_refused
    verdict = services.assess_upload(offer=offer, model_name=model_meta.name, revision=COMMIT)
    assert not verdict.is_refused


def test_one_bad_file_keeps_all_of_them_out() -> None:
    task, other, model_meta = make_task(), make_task(), make_model()
    files = {f"{task.name}.json": result_file(task), f"{other.name}.json": result_file(other, None)}
    verdict = services.assess_upload(offer=offer_of(zip_of(folder_of(model_meta.name, COMMIT, files))))
    assert (verdict.n_refused, verdict.n_files) == (1, 2)
    with pytest.raises(services.UploadRefused):
        services.take_in(submitter=make_user(), verdict=verdict)
    assert not ResultUpload.objects.exists()


def test_a_task_twice_and_two_folders_of_one_revision_are_refused() -> None:
    task, model_meta = make_task(), make_model()
    content = result_file(task)
    folder = folder_of(model_meta.name, COMMIT, {f"{task.name}.json": content, f"{task.name.lower()}.json": content})
    twice = services.assess_upload(offer=offer_of(zip_of(folder)))
    assert "comes twice" in str(twice.revisions[0].files)
    same = {f"{top}/{path}": data for top in "ab" for path, data in list(folder.items())[:1]}
    assert "Two folders" in str(services.assess_upload(offer=offer_of(zip_of(same))).revisions)


def test_a_new_model_needs_a_description(unreachable_hub: None) -> None:
    task = make_task()
    files = {f"{task.name}.json": result_file(task)}
    bare = services.assess_upload(offer=offer_of(zip_of(folder_of("org/new", COMMIT, files))))
    assert "no model_meta.json" in str(bare.revisions[0].verdicts)
    files["model_meta.json"] = meta_file("org/new", COMMIT)
    described = services.assess_upload(offer=offer_of(zip_of(folder_of("org/new", COMMIT, files))))
    assert not described.is_refused
    (upload,) = services.take_in(submitter=make_user(), verdict=described)
    services.approve_upload(upload=upload, decided_by=make_moderator())
    model_meta = ModelMeta.objects.get(name="org/new")
    assert (model_meta.embed_dim, model_meta.license) == (8, "mit")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("model_meta.json", b'{"name": "org/\\u0000"}'),
        ("model_meta.json", b'{"name": "no slash", "revision": "x"}'),
        ("model_meta.json", b"["),
        ("model_meta.json", b'{"name": ["x"], "experiment_kwargs": [1]}'),
        ("Odd.json", b'{"task_name": "Odd", "scores": {"t\\u0000": []}}'),
        (
            "Odd.json",
            b'{"task_name": "O", "scores": {"t": [{"main_score": 1, "hf_subset": "", "languages": [[]]}]}}',
        ),
        ("Odd.json", b'{"task_name": "Odd", "scores": {"t": [{"main_score": "x", "hf_subset": "", "languages": []}]}}'),
    ],
)
def test_files_made_to_break_the_page_are_refused_with_words(path: str, content: bytes, unreachable_hub: None) -> None:
    task = make_task()
    files = folder_of("org/model", COMMIT, {f"{task.name}.json": result_file(task), path: content})
    verdict = services.assess_upload(offer=offer_of(zip_of(files)))
    assert verdict.is_refused


def test_an_experiment_says_what_was_varied() -> None:
    task, model_meta = make_task(), make_model()
    path = f"experiments/embed_dim_8/{task.name}.json"
    files = folder_of(model_meta.name, COMMIT, {path: result_file(task)})
    assert services.assess_upload(offer=offer_of(zip_of(files))).is_refused
    meta = meta_file(model_meta.name, COMMIT, experiment_kwargs={"embed_dim": 8})
    files |= folder_of(model_meta.name, COMMIT, {"experiments/embed_dim_8/model_meta.json": meta})
    verdict = services.assess_upload(offer=offer_of(zip_of(files)))
    assert not verdict.is_refused
    (upload,) = services.take_in(submitter=make_user(), verdict=verdict)
    services.approve_upload(upload=upload, decided_by=make_moderator())
    assert TaskResult.objects.get().variant.settings == {"embed_dim": 8}


def test_approved_files_are_self_reported_results_on_the_board() -> None:
    task = make_task()
    make_benchmark("Board", [task])
    upload = services.approve_upload(upload=make_upload(task=task), decided_by=make_moderator())
    result = TaskResult.objects.get()
    assert (result.source.kind, result.model_revision.name) == (SourceKind.UPLOAD, COMMIT)
    assert BoardRow.objects.get(board__scope="all").origins == [SourceKind.UPLOAD]
    assert UploadedFile.objects.values_list("result", "payload").get(upload=upload) == (result.pk, None)
    with pytest.raises(NotPossible, match="approved"):
        services.reject_upload(upload=upload, decided_by=make_moderator(), reason="Too late.")


def test_a_rejection_has_a_reason_and_drops_the_files() -> None:
    upload = make_upload()
    with pytest.raises(ReasonMissing):
        services.reject_upload(upload=upload, decided_by=make_moderator(), reason=" ")
    services.reject_upload(upload=upload, decided_by=make_moderator(), reason="The prompts are missing.")
    assert UploadedFile.objects.get().payload is None
    assert not TaskResult.objects.exists()


def test_one_revision_waits_once() -> None:
    task, model_meta = make_task(), make_model()
    make_upload(model_name=model_meta.name)
    verdict = services.assess_upload(
        offer=offer_of(zip_of(folder_of(model_meta.name, COMMIT, {f"{task.name}.json": result_file(task)})))
    )
    with pytest.raises(services.UploadRefused, match="wait for a decision"):
        services.take_in(submitter=make_user(), verdict=verdict)


def test_the_page_shows_verdicts_and_then_the_upload(client: Client) -> None:
    task, user, model_meta = make_task(), make_user(), make_model()
    client.force_login(user)
    address = reverse("upload_results")
    assert client.get(address).status_code == 200
    bad = client.post(address, {"results": [uploaded(f"{task.name}.json", b"[]")], "upload": "1"})
    assert "This is no result of mteb" in bad.content.decode()
    good = folder_of(model_meta.name, COMMIT, {f"{task.name}.json": result_file(task)})
    checked = client.post(address, {"results": [zip_of(good)], "check": "1"})
    assert "This can be uploaded" in checked.content.decode()
    assert not ResultUpload.objects.exists()
    response = client.post(address, {"results": [zip_of(good)], "upload": "1", "note": "Run on <b>one</b> GPU."})
    upload = ResultUpload.objects.get()
    assert response["Location"] == upload.get_absolute_url()
    page = client.get(upload.get_absolute_url()).content.decode()
    assert "waiting for a decision" in page
    assert "&lt;b&gt;one" in page
    assert model_meta.name in client.get(reverse("uploads")).content.decode()
    client.post(reverse("withdraw_upload", args=[upload.pk]))
    assert "withdrawn" in client.get(upload.get_absolute_url()).content.decode()


def test_a_body_that_is_too_large_is_refused_before_it_is_read(client: Client) -> None:
    client.force_login(make_user())
    response = client.post(
        reverse("upload_results"), {"results": uploaded("a.json", b"{}")}, CONTENT_LENGTH=str(10**10)
    )
    assert response.status_code == 413


def test_an_upload_needs_the_token_of_the_form() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())
    assert client.post(reverse("upload_results"), {"results": uploaded("a.json", b"{}")}).status_code == 403


def test_who_sees_an_upload(client: Client) -> None:
    upload = make_upload()
    address = upload.get_absolute_url()
    assert client.get(address).status_code == 302
    for user, status in ((make_user(), 404), (make_moderator(), 200), (upload.submitter, 200)):
        client.force_login(user)
        assert client.get(address).status_code == status


def test_maintainers_decide_in_the_admin(client: Client) -> None:
    client.force_login(make_moderator())
    upload, other = make_upload(), make_upload()
    assert "Approve" in client.get(reverse("admin:submissions_resultupload_change", args=[upload.pk])).content.decode()
    assert client.get(reverse("admin:submissions_resultupload_changelist")).status_code == 200
    client.post(reverse("admin:submissions_resultupload_approve", args=[upload.pk]))
    client.post(reverse("admin:submissions_resultupload_reject", args=[other.pk]), {"reason": "Not plausible."})
    upload.refresh_from_db()
    other.refresh_from_db()
    assert (upload.state, other.state, other.reason) == ("approved", "rejected", "Not plausible.")
    assert [(entry.action, entry.subject_id, entry.reason) for entry in AuditEntry.objects.order_by("pk")] == [
        ("approved", str(upload.pk), ""),
        ("rejected", str(other.pk), "Not plausible."),
    ]


def test_the_list_of_uploads_tells_the_worst_check_without_reading_files(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(make_moderator())
    task = make_task()
    uploads = [make_upload(task=task) for _ in range(3)]
    noted = [{"name": "Coverage", "outcome": "warning", "sentence": "Some are missing."}]
    UploadedFile.objects.filter(upload=uploads[0]).update(checks=noted)
    address = reverse("admin:submissions_resultupload_changelist")
    client.get(address)
    with django_assert_num_queries(6) as queries:
        page = client.get(address).content.decode()
    assert not any("payload" in query["sql"] for query in queries.captured_queries)
    assert page.count('field-worst_check">note<') == 1
    assert page.count('field-worst_check">fine<') == 2
    assert page.count('field-files_counted">1<') == 3


def test_several_uploads_are_rejected_with_one_reason(client: Client) -> None:
    client.force_login(make_moderator())
    uploads = [make_upload() for _ in range(3)]
    address = reverse("admin:submissions_resultupload_changelist")
    form = {"action": "reject_selected", "_selected_action": [upload.pk for upload in uploads[:2]]}
    page = client.post(address, form).content.decode()
    assert page.count('name="_selected_action"') == 2
    assert "Say why" in client.post(address, form | {"reason": " "}).content.decode()
    client.post(address, form | {"reason": "Copies."})
    assert list(ResultUpload.objects.order_by("pk").values_list("state", "reason")) == [
        ("rejected", "Copies."),
        ("rejected", "Copies."),
        ("pending", ""),
    ]


def test_a_known_result_may_not_lose_cells() -> None:
    task, model_meta = make_task(eval_splits=["test", "dev"]), make_model()
    make_result(model_meta, task, {"test": {"default": 0.5}, "dev": {"default": 0.5}}, revision=COMMIT)
    files = folder_of(model_meta.name, COMMIT, {f"{task.name}.json": result_file(task)})
    verdict = services.assess_upload(offer=offer_of(zip_of(files)))
    assert "missing now" in str(verdict.revisions[0].files[0].verdicts)


def test_real_files_are_judged_without_a_crash(settings: Settings, unreachable_hub: None) -> None:
    """Every wart of the sample: each file has a verdict in words, and none of the broken ones passes."""
    if not SAMPLE.is_file():
        pytest.skip("The sample of the official results (shared/results/sample.tar.zst) is not there.")
    offer = Offer(entries=list(_sample_entries()))
    verdict = services.assess_upload(offer=offer)
    files = [file for of in verdict.revisions for file in of.files]
    assert len(files) > 100
    assert all(file.verdicts and all(one.sentence.endswith((".", ":")) for one in file.verdicts) for file in files)
    assert all(of.verdicts for of in verdict.revisions)
    assert verdict.is_refused


def _sample_entries() -> list[Entry]:
    entries = []
    with SAMPLE.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as stream:
        content = io.BytesIO(stream.read())
    with tarfile.open(fileobj=content) as archive:
        for member in archive.getmembers():
            if member.isfile() and member.name.endswith(".json"):
                file = archive.extractfile(member)
                assert file is not None
                entries.append(Entry(member.name, partial(bytes, file.read())))
    return entries
