"""Public pages of the board."""

from django.urls import path

from leaderboard.views import boards, exports, model_metas, results, search, tasks

urlpatterns = [
    path("", boards.home, name="home"),
    path("search/", search.search_page, name="search"),
    path("benchmarks/<slug:slug>/", boards.benchmark, name="benchmark"),
    path("tasks/", tasks.task_index, name="tasks"),
    path("tasks/<path:name>/", tasks.task, name="task"),
    path("models/<path:name>/results.zip", exports.model_results, name="model_results"),
    path("models/<path:name>/", model_metas.model, name="model"),
    path("data/", exports.data, name="data"),
    path("data/<str:name>", exports.dump_file, name="dump_file"),
    path("results/", results.result_list, name="results"),
    path("results/<int:pk>.json", results.result_file, name="result_file"),
]
