"""Which version of the data the boards show."""

from leaderboard.models import DataVersion


def data_version() -> int:
    """The number that grows with every change of what pages show; 0 before the first result."""
    return DataVersion.objects.order_by("-number").values_list("number", flat=True).first() or 0
