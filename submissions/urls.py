"""Accounts and submissions."""

from django.urls import include, path

from submissions.views import accounts, datasets, flags, messages, notifications, organisations, uploads
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
    path("accounts/notifications/", notifications.notification_settings, name="notifications"),
    path("accounts/notifications/webhook/", notifications.change_webhook, name="change_webhook"),
    path("accounts/notifications/<int:pk>/again/", notifications.send_again, name="send_delivery_again"),
    path("accounts/oidc/<str:provider_id>/login/", accounts.provider_login),
    path("accounts/oidc/<str:provider_id>/login/callback/", accounts.provider_callback),
    path("accounts/", include("allauth.urls")),
    path("datasets/", datasets.dataset_list, name="datasets"),
    path("datasets/add/", datasets.add_dataset, name="add_dataset"),
    path("datasets/<int:pk>/", datasets.dataset_detail, name="dataset"),
    path("submit/", views.submit, name="submit"),
    path("submissions/", views.submission_list, name="submissions"),
    path("submissions/<int:pk>/", views.submission_detail, name="submission"),
    path("submissions/<int:pk>/answer/", messages.answer, name="answer_submission"),
    path("submissions/<int:pk>/notices/", notifications.submission_notices, name="submission_notices"),
    path("submissions/<int:pk>/withdraw/", views.withdraw, name="withdraw_submission"),
    path("submit/results/", uploads.upload_results, name="upload_results"),
    path("uploads/", uploads.upload_list, name="uploads"),
    path("uploads/<int:pk>/", uploads.upload_detail, name="upload"),
    path("uploads/<int:pk>/withdraw/", uploads.withdraw_upload, name="withdraw_upload"),
    path("flags/", flags.flag_list, name="flags"),
    path("flags/<int:pk>/", flags.flag_detail, name="flag"),
    path("flags/<int:pk>/reply/", flags.reply, name="reply_to_flag"),
    path("flags/<int:pk>/decide/", flags.decide, name="decide_flag"),
    path("results/<int:pk>/flag/", flags.new_flag, name="new_flag"),
]
