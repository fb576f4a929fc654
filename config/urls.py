"""Root URLs: each app lists its own."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import include, path


def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for it by this name on pages that name no icon, such as the admin's."""
    return HttpResponseRedirect(static("img/logo.svg"))


# Whoever goes to the desk signs in as everybody does, with the same limits on guessing.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

handler404 = "leaderboard.views.search.not_found"

urlpatterns = [
    path("favicon.ico", favicon),
    path("admin/", admin.site.urls),
    path("", include("leaderboard.urls")),
    path("", include("evaluation.urls")),
    path("", include("submissions.urls")),
]
