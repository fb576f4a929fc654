"""The administrators' desk for accounts and groups. Nobody can give here what they do not have themselves."""

from __future__ import annotations

from typing import Any

from allauth.account.admin import EmailAddressAdmin
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialApp, SocialToken
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from leaderboard.admin import AuditedHistory, actor
from submissions.permissions import ADMINISTRATOR, MODERATOR, ROLES, SUBMITTER
from submissions.services.accounts import give_role, welcome

# Providers are configured by the environment, and no token of theirs is kept.
admin.site.unregister((EmailAddress, SocialApp, SocialToken, User, Group))


def _is_superuser(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_superuser


@admin.register(User)
class AccountAdmin(AuditedHistory, UserAdmin):
    list_display = ("username", "email", "roles", "is_staff", "is_active", "last_login")
    list_filter = ("groups", "is_staff", "is_active")
    show_full_result_count = False
    actions = ("make_submitter", "make_moderator", "make_administrator")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="groups")
    def roles(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all())

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fields = (*super().get_readonly_fields(request, obj), "last_login", "date_joined")
        return fields if _is_superuser(request) else (*fields, "is_superuser", "user_permissions")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups" and not _is_superuser(request):
            beyond = Permission.objects.exclude(pk__in=_held(request))
            kwargs["queryset"] = Group.objects.exclude(permissions__in=beyond)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not change:
            welcome(user=form.instance)

    @admin.action(description="Make submitters of them", permissions=["change"])
    def make_submitter(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._give(request, queryset, SUBMITTER)

    @admin.action(description="Make moderators of them", permissions=["change"])
    def make_moderator(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._give(request, queryset, MODERATOR)

    @admin.action(description="Make administrators of them", permissions=["change"])
    def make_administrator(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._give(request, queryset, ADMINISTRATOR)

    def _give(self, request: HttpRequest, queryset: QuerySet[User], role: str) -> None:
        for user in queryset:
            if not _may_touch(request, user):
                self.message_user(request, f"{user} may do more than you, so you cannot change them.", messages.ERROR)
                continue
            give_role(user=user, role=role, by=actor(request))
            self.message_user(request, f"{user}: {role}.", messages.SUCCESS)


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    """Nobody changes the account of somebody who may do more than they, or might once the account is opened again."""
    if user is None or _is_superuser(request):
        return True
    return not user.is_superuser and not _held_by(user.pk).exclude(pk__in=_held(request)).exists()


@admin.register(Group)
class RoleAdmin(GroupAdmin):
    """The three roles are as the migrations make them; other groups hold what their maker holds."""

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_open(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._is_open(request, obj)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any) -> Any:
        if db_field.name == "permissions" and request is not None and not _is_superuser(request):
            kwargs["queryset"] = _held(request).select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @staticmethod
    def _is_open(request: HttpRequest, group: Group | None) -> bool:
        if _is_superuser(request) or group is None:
            return True
        return group.name not in ROLES and not group.permissions.exclude(pk__in=_held(request)).exists()


@admin.register(EmailAddress)
class AddressAdmin(EmailAddressAdmin):
    """To look up and to confirm. Whoever could give an address to an account could have its password reset."""

    list_select_related = ("user",)
    readonly_fields = ("user", "email", "primary", "verified")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description="Mark as confirmed", permissions=["change"])
    def make_verified(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        touchable = [row.pk for row in queryset.select_related("user") if _may_touch(request, row.user)]
        super().make_verified(request, queryset.filter(pk__in=touchable))


def _held(request: HttpRequest) -> QuerySet[Permission]:
    return _held_by(request.user.pk)


def _held_by(user: int | None) -> QuerySet[Permission]:
    """The permissions that an account has by its groups and itself, closed or not."""
    return Permission.objects.filter(Q(group__user=user) | Q(user=user)).distinct()
