"""Accounts and submissions."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from submissions.views import messages
from submissions.views import submissions as views

urlpatterns = [
    path("accounts/signup/", views.SignUp.as_view(), name="signup"),
    path("accounts/login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("submit/", views.submit, name="submit"),
    path("submissions/", views.submission_list, name="submissions"),
    path("submissions/<int:pk>/", views.submission_detail, name="submission"),
    path("submissions/<int:pk>/answer/", messages.answer, name="answer_submission"),
    path("submissions/<int:pk>/withdraw/", views.withdraw, name="withdraw_submission"),
]
