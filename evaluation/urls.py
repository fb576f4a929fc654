"""Pages of the queue, of runs and of what they ran with."""

from django.urls import path

from evaluation.views import reproduction, runs

urlpatterns = [
    path("queue/", runs.queue, name="queue"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("runs/<int:pk>/compare/", reproduction.compare_runs, name="compare_runs"),
    path("results/<int:pk>/environment/", reproduction.result_environment, name="result_environment"),
    path("results/<int:pk>/examples/", reproduction.worst_examples, name="worst_examples"),
    path("results/<int:pk>/predictions/", reproduction.predictions_file, name="predictions_file"),
    path("packages/<str:digest>/requirements.txt", reproduction.packages, name="packages"),
]
