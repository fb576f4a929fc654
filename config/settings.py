"""Settings of Podium, read from the environment.

Without any variable set this is a development set-up on an embedded PostgreSQL. With `PODIUM_ENV=production` the
development defaults are refused, so that a forgotten variable stops the start instead of weakening it.
"""

from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import Env

from config import embedded_postgres

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
PRODUCTION = env.str("PODIUM_ENV", "development") == "production"


def required_in_production(name: str, default: str) -> str:
    """The variable's value; `default` only outside production."""
    value = env.str(name, "")
    if not value and PRODUCTION:
        raise ImproperlyConfigured(f"Set {name}: with PODIUM_ENV=production there is no default for it.")
    return value or default


DATA_DIR = Path(env.str("PODIUM_DATA_DIR", str(BASE_DIR / ".data"))).resolve()
DEBUG = env.bool("PODIUM_DEBUG", False)
SECRET_KEY = required_in_production("PODIUM_SECRET_KEY", "development-only-key-" + "0123456789" * 4)
ALLOWED_HOSTS = required_in_production("PODIUM_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS: list[str] = env.list("PODIUM_TRUSTED_ORIGINS", [])

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_q",
    "django_tables2",
    "leaderboard",
    "evaluation",
    "submissions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASE_URL = env.str("DATABASE_URL", "")
if DATABASE_URL:
    _database: dict[str, Any] = dict(dj_database_url.parse(DATABASE_URL, conn_max_age=60, conn_health_checks=True))
    if _database["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database: postgresql://user:password@host/name")
elif PRODUCTION:
    raise ImproperlyConfigured("Set DATABASE_URL: the embedded PostgreSQL is for development and the demo only.")
else:
    _database = {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        **embedded_postgres.Server(DATA_DIR / "pg").connection_settings(),
    }
DATABASES = {"default": _database}

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "podium",
    }
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "static/"
# Only production collects static files; WhiteNoise warns of a folder that is not there.
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "config.package_assets.PackageAssetFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SECURE = PRODUCTION
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

EVALUATION_QUEUE = "gpu"
EVALUATION_WORKERS = env.int("PODIUM_WORKERS", 1)
EVALUATION_LEASE_SECONDS = env.int("PODIUM_LEASE_SECONDS", 30)
EVALUATION_TIME_LIMIT_SECONDS = env.int("PODIUM_TIME_LIMIT_SECONDS", 24 * 3600)
# Of one evaluating process with all that it starts. 0: nine tenths of the host's memory, shared by its workers.
EVALUATION_MEMORY_MB = env.int("PODIUM_MEMORY_MB", 0)
EVALUATION_PROCESSES = env.int("PODIUM_PROCESSES", 1024)
EVALUATION_DISK_MB = env.int("PODIUM_DISK_MB", 200 * 1024)
EVALUATION_LOADING_LIMIT_SECONDS = env.int("PODIUM_LOADING_LIMIT_SECONDS", 3600)
# What code of models may reach besides the Hub: host:port, `*` stands for anything.
EVALUATION_HUB_HOSTS: list[str] = env.list("PODIUM_HUB_HOSTS", [])
EVALUATION_TURN_SECONDS = env.int("PODIUM_TURN_SECONDS", 600)
EVALUATION_BATCH_SIZE = env.int("PODIUM_BATCH_SIZE", 32)

# The queue only wakes workers; the rows of `evaluation` are the truth. docs/evaluation.md says why each value is what
# it is.
Q_CLUSTER = {
    "name": "default",
    "orm": "default",
    "workers": 1,
    "queue_limit": 1,
    "bulk": 1,
    "recycle": 20,
    "timeout": 600,
    "retry": 700,
    "max_attempts": 3,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": 250,
    "label": "Queue",
    "ALT_CLUSTERS": {
        EVALUATION_QUEUE: {
            "workers": EVALUATION_WORKERS,
            "queue_limit": 1,
            "bulk": 1,
            "recycle": 1,
            "daemonize_workers": False,
            "timeout": 7 * 24 * 3600,
            "retry": 8 * 24 * 3600,
            "max_attempts": 3,
        }
    },
}

# What is done again and again by apps that the worker's command does not know: name -> django-q2's fields.
SCHEDULES: dict[str, dict[str, Any]] = {
    "Look at what is unusual about submissions": {
        "func": "submissions.jobs.refresh_plausibility",
        "schedule_type": "I",  # Every so many minutes.
        "minutes": 1,
    },
}

HF_ENDPOINT = env.str("HF_ENDPOINT", "https://huggingface.co")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        name: {"level": env.str("PODIUM_LOG_LEVEL", "INFO")} for name in ("leaderboard", "evaluation", "submissions")
    },
}
