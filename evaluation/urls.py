"""Pages of the queue and of runs, and what machines ask."""

from django.urls import path

from evaluation.views import health, logs, queue, reproduction, runs

urlpatterns = [
    path("queue/", queue.queue, name="queue"),
    path("queue/pause/", queue.pause, name="pause_queue"),
    path("queue/resume/", queue.resume, name="resume_queue"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("runs/<int:pk>/cancel/", runs.cancel, name="cancel_run"),
    path("runs/<int:pk>/retry/", runs.retry, name="retry_run"),
    path("runs/<int:pk>/log/stream/", logs.log_stream, name="log_stream"),
    path("runs/<int:pk>/tasks/<int:unit_pk>/log/", logs.unit_log, name="unit_log"),
    path("runs/<int:pk>/tasks/<int:unit_pk>/log/<int:number>.log", logs.attempt_log, name="attempt_log"),
    path("runs/<int:pk>/tasks/<int:unit_pk>/examples/", reproduction.unit_examples, name="unit_examples"),
    path("runs/<int:pk>/tasks/<int:unit_pk>/predictions/", reproduction.unit_predictions, name="unit_predictions"),
    path("runs/<int:pk>/compare/", reproduction.compare_runs, name="compare_runs"),
    path("results/<int:pk>/environment/", reproduction.result_environment, name="result_environment"),
    path("results/<int:pk>/examples/", reproduction.worst_examples, name="worst_examples"),
    path("results/<int:pk>/predictions/", reproduction.predictions_file, name="predictions_file"),
    path("packages/<str:digest>/requirements.txt", reproduction.packages, name="packages"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
