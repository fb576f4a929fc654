"""Public pages of the board."""

from django.urls import path

from leaderboard.views import boards, model_metas, results, search, tasks

urlpatterns = [
    path("", boards.home, name="home"),
    path("search/", search.search_page, name="search"),
    path("benchmarks/<slug:slug>/", boards.benchmark, name="benchmark"),
    path("tasks/<path:name>/", tasks.task, name="task"),
    path("models/<path:name>/", model_metas.model, name="model"),
    path("results/", results.result_list, name="results"),
    path("results/<int:pk>.json", results.result_file, name="result_file"),
]
