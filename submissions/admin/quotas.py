"""Who may ask for more, or for less, than is usual."""

from __future__ import annotations

from django.contrib import admin

from submissions.models import Quota


@admin.register(Quota)
class QuotaAdmin(admin.ModelAdmin):
    list_display = ("user", "submissions_per_month", "unfinished_at_once", "reason")
    list_select_related = ("user",)
    search_fields = ("user__username", "reason")
    autocomplete_fields = ("user",)
    show_full_result_count = False
