"""Pages of the queue."""

from django.urls import path

from evaluation import views

urlpatterns = [
    path("queue/", views.queue, name="queue"),
    path("runs/<int:pk>/", views.run, name="run"),
]
