"""Root URLs: each app lists its own."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import include, path


def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for it by this name on pages that name no icon, such as the admin's."""
    return HttpResponseRedirect(static("img/logo.svg"))


handler404 = "leaderboard.views.search.not_found"

urlpatterns = [
    path("favicon.ico", favicon),
    path("admin/", admin.site.urls),
    path("", include("leaderboard.urls")),
    path("", include("evaluation.urls")),
    path("", include("submissions.urls")),
]
