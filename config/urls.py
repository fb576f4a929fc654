"""Root URLs: each app lists its own."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("leaderboard.urls")),
    path("", include("evaluation.urls")),
    path("", include("submissions.urls")),
]
