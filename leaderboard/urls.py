"""Public pages of the board."""

from django.urls import path

from leaderboard import views

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search_page, name="search"),
    path("benchmarks/<slug:slug>/", views.benchmark, name="benchmark"),
    path("tasks/<path:name>/", views.task, name="task"),
    path("models/<path:name>/", views.model, name="model"),
    path("results/", views.result_list, name="results"),
    path("results/<int:pk>.json", views.result_file, name="result_file"),
]
