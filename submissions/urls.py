"""Accounts and submissions."""

from django.urls import include, path

from submissions.views import accounts, organisations, submit, watches
from submissions.views import submissions as views

urlpatterns = [
    path("accounts/", accounts.account, name="account"),
    path("accounts/tokens/", accounts.api_tokens, name="api_tokens"),
    path("accounts/tokens/<int:pk>/revoke/", accounts.revoke_token, name="revoke_token"),
    path("accounts/organisations/", organisations.my_organisations, name="my_organisations"),
    path("accounts/organisations/<int:pk>/", organisations.organisation, name="account_organisation"),
    path("accounts/organisations/<int:pk>/invite/", organisations.invite, name="invite_member"),
    path("accounts/organisations/<int:pk>/leave/", organisations.leave, name="leave_organisation"),
    path("accounts/organisations/<int:pk>/confirm/", organisations.confirm, name="confirm_organisation"),
    path("accounts/members/<int:pk>/", organisations.change_member, name="change_member"),
    path("accounts/invitations/<int:pk>/answer/", organisations.answer_invitation, name="answer_invitation"),
    path("accounts/invitations/<int:pk>/take-back/", organisations.take_back_invitation, name="take_back_invitation"),
    path("accounts/oidc/<str:provider_id>/login/", accounts.provider_login),
    path("accounts/oidc/<str:provider_id>/login/callback/", accounts.provider_callback),
    path("accounts/", include("allauth.urls")),
    path("submit/", submit.Submit.as_view(), name="submit"),
    path("submit/model/", submit.check_model_field, name="check_model_field"),
    path("submissions/", views.submission_list, name="submissions"),
    path("submissions/<int:pk>/", views.submission_detail, name="submission"),
    path("submissions/<int:pk>/withdraw/", views.withdraw, name="withdraw_submission"),
    path("submissions/<int:pk>/edit/", submit.Edit.as_view(), name="edit_submission"),
    path("submissions/<int:pk>/publish/", views.publish, name="publish_submission"),
    path("submissions/<int:pk>/watch/", watches.watch_submission, name="watch_submission"),
    path("runs/<int:pk>/watch/", watches.watch_run, name="watch_run"),
    path("watches/<int:pk>/remove/", watches.unwatch, name="unwatch"),
]
