"""Saving views, and making a reader's board one of the public ones."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import Resolver404, resolve

from leaderboard.models import Benchmark, BenchmarkTask, SavedView, Scope, TaskGroup, TaskGroupMember
from leaderboard.own_boards import UnreadableBoard, parse_choices
from leaderboard.selectors.own_boards import own_board
from leaderboard.services.audit import record
from leaderboard.services.boards import publish_boards

MAX_VIEWS = 200
MAX_ADDRESS = 8000
MENU = "Boards of readers"
# The pages whose views can be kept, by the names of their addresses.
KEPT = frozenset({"benchmark", "own_board", "compare", "tasks", "task", "model"})


class UnusableView(ValueError):
    """Why a view cannot be saved or published, in one sentence."""


def save_view(*, owner: Any, name: str, address: str) -> SavedView:
    """Keep an address of this site. Raises UnusableView."""
    name = " ".join(name.replace("\0", "").split())[:80]
    if not name:
        raise UnusableView("Give the view a name.")
    if not is_view(address):
        raise UnusableView("Only boards, tasks, models and comparisons of this site can be saved.")
    if SavedView.objects.filter(owner=owner).count() >= MAX_VIEWS:
        raise UnusableView(f"You have {MAX_VIEWS} saved views. Delete one to make room.")
    return SavedView.objects.create(owner=owner, name=name, address=address)


def is_view(address: str) -> bool:
    """Whether it is the address of a page whose views can be kept."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or "\0" in address or len(address) > MAX_ADDRESS or not address.startswith("/"):
        return False
    try:
        return resolve(parts.path).url_name in KEPT
    except Resolver404:
        return False


@transaction.atomic
def publish_view(*, view: SavedView, by: User | None = None) -> Benchmark:
    """Make the board of a saved view a public one, computed at once. Raises UnusableView.

    `by` is who decided so, for the audit log.
    """
    parts = urlsplit(view.address)
    if resolve(parts.path).url_name != "own_board":
        raise UnusableView(f"{view.name} is a view of a page, not a board of somebody's own.")
    parameters = parse_qs(parts.query)
    try:
        board = own_board(view.name, parse_choices(parameters.get("tasks", [""])[-1]), Scope.ALL)
    except UnreadableBoard as problem:
        raise UnusableView(str(problem)) from problem
    slug = Benchmark.slug_of(view.name)
    if not board.tasks or not slug:
        raise UnusableView(f"{view.name} needs a name in letters and at least one task to become a board.")
    if Benchmark.objects.filter(name=view.name).exists() or Benchmark.objects.filter(slug=slug).exists():
        raise UnusableView(f"There is a board named {view.name} already: rename the view first.")
    benchmark = board.benchmark
    benchmark.name, benchmark.slug, benchmark.in_registry = view.name, slug, False
    benchmark.description = f"Put together by {view.owner}."
    benchmark.menu_path, benchmark.menu_position = [MENU], None
    benchmark.save()
    BenchmarkTask.objects.bulk_create(board.tasks)
    for position, group in enumerate(board.groups):
        stored = TaskGroup.objects.create(
            benchmark=benchmark, dimension=group.dimension, label=group.label, position=position
        )
        TaskGroupMember.objects.bulk_create(
            TaskGroupMember(group=stored, task_id=member.task_id, position=number)
            for number, member in enumerate(group.members)
        )
    publish_boards(benchmarks=Benchmark.objects.filter(pk=benchmark.pk))
    if by is not None:
        record(actor=by, action="published", subject=benchmark, after={"address": view.address})
    return benchmark
