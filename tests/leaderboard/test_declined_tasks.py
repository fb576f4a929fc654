"""Tasks that a model is not to be measured on."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from leaderboard.models import Benchmark, DeclinedTask
from leaderboard.selectors import model_metas
from leaderboard.selectors.model_metas import Lack
from leaderboard.selectors.versions import latest_version
from leaderboard.services.boards import publish_boards
from tests.factories import make_benchmark, make_model, make_result, make_task
from tests.factories_submissions import make_moderator

pytestmark = pytest.mark.django_db

REASON = "trained on its <test> split"


@pytest.fixture
def benchmark() -> Benchmark:
    """A model with a result on one task that declines another."""
    done, declined, other = make_task("Done"), make_task("Declined"), make_task("Other")
    model_meta = make_model("org/model")
    make_result(model_meta, done, 0.5)
    for task in (declined, other):
        make_result(make_model(), task, 0.4)
    benchmark = make_benchmark("Tiny", [done, declined, other])
    DeclinedTask.objects.create(model_meta=model_meta, task=declined, reason=REASON)
    publish_boards(benchmarks=Benchmark.objects.all())
    return benchmark


def test_a_board_says_declined_and_why_instead_of_not_run(client: Client, benchmark: Benchmark) -> None:
    page = client.get("/benchmarks/tiny/?view=tasks").content.decode()
    row = page[page.index('value="org/model"') :]
    row = row[: row.index("<tr") if "<tr" in row else None]
    assert 'title="declined: trained on its &lt;test&gt; split">declined' in row
    assert row.count('title="not run"') == 1


def test_where_numbers_come_from_says_so_too(client: Client, benchmark: Benchmark) -> None:
    page = client.get("/benchmarks/tiny/origins/?m=org/model").content.decode()
    assert "declined: trained on its &lt;test&gt; split" in page
    assert page.count(">not run</td>") == 1


def test_a_result_is_shown_all_the_same(client: Client, benchmark: Benchmark) -> None:
    declined = DeclinedTask.objects.get()
    make_result(declined.model_meta, declined.task, 0.3)
    publish_boards(benchmarks=Benchmark.objects.all())
    assert 'title="declined' not in client.get("/benchmarks/tiny/?view=tasks").content.decode()


def test_a_model_page_asks_for_no_run_of_a_declined_task(client: Client, benchmark: Benchmark) -> None:
    gaps = model_metas.missing_tasks(DeclinedTask.objects.get().model_meta, benchmark)
    assert [(gap.task.name, gap.lack, gap.can_be_run) for gap in gaps] == [
        ("Declined", Lack.DECLINED, False),
        ("Other", Lack.NOT_RUN, True),
    ]
    page = client.get("/models/org/model/?missing=tiny").content.decode()
    assert "declined: trained on its &lt;test&gt; split" in page
    assert "task=Declined" not in page


def test_the_database_wants_a_reason_and_one_declaration() -> None:
    model_meta, task = make_model(), make_task()
    with pytest.raises(IntegrityError, match="a_declined_task_has_a_reason"), transaction.atomic():
        DeclinedTask.objects.create(model_meta=model_meta, task=task, reason="")
    DeclinedTask.objects.create(model_meta=model_meta, task=task, reason=REASON)
    with pytest.raises(IntegrityError, match="a_model_declines_a_task_once"), transaction.atomic():
        DeclinedTask.objects.create(model_meta=model_meta, task=task, reason=REASON)


def test_moderators_write_it_down_and_pages_change(client: Client, benchmark: Benchmark) -> None:
    client.force_login(make_moderator())
    declined = DeclinedTask.objects.get()
    address = f"/admin/leaderboard/modelmeta/{declined.model_meta_id}/change/"
    form = client.get(address).context["inline_admin_formsets"]
    data = {
        f"{one.formset.prefix}-{name}": value
        for one in form
        for name, value in one.formset.management_form.initial.items()
    }
    prefix = next(one.formset.prefix for one in form if one.formset.model is DeclinedTask)
    other = benchmark.tasks.get(name="Other")
    data |= {f"{prefix}-TOTAL_FORMS": 2, f"{prefix}-0-id": declined.pk, f"{prefix}-0-task": declined.task_id}
    data |= {f"{prefix}-0-reason": REASON, f"{prefix}-1-task": other.pk, f"{prefix}-1-reason": "private data"}
    before = latest_version()
    assert client.post(address, data).status_code == 302
    assert set(DeclinedTask.objects.values_list("task__name", "reason")) == {
        ("Declined", REASON),
        ("Other", "private data"),
    }
    assert latest_version() > before
