"""WSGI entry point: Django behind a cache of the pages that are the same for everybody."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config.page_cache import HeardVersion, PageCache

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django = get_wsgi_application()
application = django if settings.DEBUG else PageCache(django, HeardVersion())
