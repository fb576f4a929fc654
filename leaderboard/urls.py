"""Public pages of the board."""

from django.urls import path

from leaderboard.views import boards, exports, history, model_metas, origins, results, search, tasks

urlpatterns = [
    path("", boards.home, name="home"),
    path("search/", search.search_page, name="search"),
    path("benchmarks/<slug:slug>/", boards.benchmark, name="benchmark"),
    path("benchmarks/<slug:slug>/origins/", origins.row_origins, name="row_origins"),
    path("benchmarks/<slug:slug>/suggestions/", boards.query_suggestions, name="query_suggestions"),
    path("benchmarks/<slug:slug>/feed.atom", history.board_feed, name="board_feed"),
    path("benchmarks/<slug:slug>/history/", history.board_history, name="board_history"),
    path("benchmarks/<slug:slug>/history/<str:day>/", history.board_on_day, name="board_on_day"),
    path("changes/", history.changes, name="changes"),
    path("changes/feed.atom", history.changes_feed, name="changes_feed"),
    path("tasks/", tasks.task_index, name="tasks"),
    path("tasks/<path:name>/", tasks.task, name="task"),
    path("models/<path:name>/results.zip", exports.model_results, name="model_results"),
    path("models/<path:name>/history/", history.model_history, name="model_history"),
    path("models/<path:name>/badge.svg", model_metas.model_badge, name="model_badge"),
    path("models/<path:name>/", model_metas.model, name="model"),
    path("data/", exports.data, name="data"),
    path("data/<str:name>", exports.dump_file, name="dump_file"),
    path("results/", results.result_list, name="results"),
    path("results/<int:pk>.json", results.result_file, name="result_file"),
]
