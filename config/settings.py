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
from config.sign_in import form_targets, mail_policy, openid_providers

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
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
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
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

# A private board shows nothing to who is not signed in, and nobody makes an account without an invitation.
PRIVATE = env.bool("PODIUM_PRIVATE", False)
SIGN_UP_IS_OPEN = env.bool("PODIUM_SIGN_UP", not PRIVATE)
if PRIVATE:
    MIDDLEWARE.insert(
        MIDDLEWARE.index("django.contrib.auth.middleware.AuthenticationMiddleware") + 1,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    )

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
# As many result files as an upload may hold; Django's own limit is 100.
DATA_UPLOAD_MAX_NUMBER_FILES = 2000
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
                "submissions.context_processors.accounts",
                "submissions.announcements.shown_on_every_page",
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

# The default cache is shared by all processes: limits on sign-in count in it. What each process may keep for itself,
# under keys that contain the data version, is in `process`.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "podium_cache",
        "KEY_FUNCTION": "config.cache_keys.hashed",
        # Far more than anybody has: a table that overflows forgets at random, counts of wrong passwords included.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    "process": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "podium",
    },
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

EMAIL_HOST = env.str("PODIUM_EMAIL_HOST", "")
EMAIL_PORT = env.int("PODIUM_EMAIL_PORT", 587)
EMAIL_HOST_USER = env.str("PODIUM_EMAIL_USER", "")
EMAIL_HOST_PASSWORD = env.str("PODIUM_EMAIL_PASSWORD", "")
EMAIL_USE_SSL = EMAIL_PORT == 465
EMAIL_USE_TLS = not EMAIL_USE_SSL and env.bool("PODIUM_EMAIL_STARTTLS", True)
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = (
    f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console' if not PRODUCTION else 'dummy'}.EmailBackend"
)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("PODIUM_EMAIL_FROM", "podium@localhost")
_mail = mail_policy(host=EMAIL_HOST, is_production=PRODUCTION, asked=env.str("PODIUM_EMAIL_VERIFICATION", ""))
SENDS_MAIL = _mail.sends_mail

# docs/accounts.md says what these come to.
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "submissions.run_permissions.RunOwners",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "submissions.account_adapters.AccountAdapter"
ACCOUNT_FORMS = {
    name: f"submissions.forms.sign_in.{form}"
    for name, form in {
        "login": "LoginForm",
        "signup": "SignupForm",
        "add_email": "AddEmailForm",
        "change_password": "ChangePasswordForm",
        "set_password": "SetPasswordForm",
        "reset_password": "ResetPasswordForm",
        "reset_password_from_key": "ResetPasswordKeyForm",
        "reauthenticate": "ReauthenticateForm",
    }.items()
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = _mail.signup_fields
ACCOUNT_EMAIL_VERIFICATION = _mail.verification
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Podium: "
ACCOUNT_EMAIL_NOTIFICATIONS = SENDS_MAIL
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Besides allauth's own limits: an invitation sends a mail to somebody who did not ask for it, and reading a model
# from the Hub holds a thread of the web server for as long as the Hub takes.
ACCOUNT_RATE_LIMITS = {"invite": "20/h/user", "read_model": "15/m/user,200/h/user"}
ACCOUNT_USERNAME_BLACKLIST = ["admin", "administrator", "moderator", "podium", "root"]
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if PRODUCTION else "http"
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("PODIUM_TRUSTED_PROXIES", 1 if PRODUCTION else 0)
SOCIALACCOUNT_ADAPTER = "submissions.account_adapters.SocialAccountAdapter"
SOCIALACCOUNT_FORMS = {"signup": "submissions.forms.sign_in.ProviderSignupForm"}
_oidc = {
    "issuer": env.str("PODIUM_OIDC_ISSUER", "https://huggingface.co"),
    "client_id": env.str("PODIUM_OIDC_CLIENT_ID", ""),
}
SOCIALACCOUNT_PROVIDERS = openid_providers(**_oidc, secret=env.str("PODIUM_OIDC_CLIENT_SECRET", ""))

# Django's own hasher: Argon2 takes 100 MB a sign-in, and the web process is to stay below 160.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
PASSWORD_RESET_TIMEOUT = 24 * 3600

SECURE_SSL_REDIRECT = PRODUCTION
# Asked from inside, without the proxy that speaks https.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
# Whoever ticks “Remember me” stays signed in this long; for others the session ends with the browser.
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SECURE = PRODUCTION
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF, *form_targets(**_oidc)],
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
# A worker takes nothing while one of its disks has less free. What it keeps of the Hub it prunes above a size, unless
# the operator named the folder, which may be somebody's own; 0: never.
EVALUATION_FREE_DISK_MB = env.int("PODIUM_FREE_DISK_MB", 2048)
_has_named_cache = bool(env.str("HF_HOME", "") or env.str("HF_HUB_CACHE", ""))
EVALUATION_HUB_CACHE_MB = env.int("PODIUM_HUB_CACHE_MB", 0 if _has_named_cache else 200 * 1024)
EVALUATION_LOADING_LIMIT_SECONDS = env.int("PODIUM_LOADING_LIMIT_SECONDS", 3600)
# What code of models may reach besides the Hub: host:port, `*` stands for anything.
EVALUATION_HUB_HOSTS: list[str] = env.list("PODIUM_HUB_HOSTS", [])
EVALUATION_TURN_SECONDS = env.int("PODIUM_TURN_SECONDS", 600)
EVALUATION_BATCH_SIZE = env.int("PODIUM_BATCH_SIZE", 32)
# What an hour of evaluation costs, in words of the reader: 1.80 with PODIUM_CURRENCY=EUR. Absent: no cost is shown.
COST_PER_HOUR: float | None = env.float("PODIUM_COST_PER_HOUR", None)
CURRENCY = env.str("PODIUM_CURRENCY", "USD")
# How much disk a run may use to keep embeddings of texts that come again; 0: none.
EVALUATION_EMBEDDINGS_MB = env.int("PODIUM_EMBEDDINGS_MB", 4096)

# Called with each run that ends, in the transaction that ends it.
EVALUATION_RUN_ENDED = ["submissions.services.notifications.run_ended"]

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
    "cache": "process",
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
    "Publish submissions whose embargo is over": {
        "func": "submissions.jobs.publish_due",
        "schedule_type": "I",
        "minutes": 1,
    },
    "Look at what is unusual about submissions": {
        "func": "submissions.jobs.refresh_plausibility",
        "schedule_type": "I",  # Every so many minutes.
        "minutes": 1,
    },
    "Send what waits to be tried again": {
        "func": "submissions.delivery_jobs.deliver",
        "schedule_type": "I",
        "minutes": 1,
    },
    "Delete old predictions": {
        "func": "evaluation.jobs.expire_predictions",
        "schedule_type": "C",
        "cron": "30 3 * * *",
    },
    "Delete old logs of attempts and drift that is gone": {
        "func": "evaluation.jobs.delete_what_is_old",
        "schedule_type": "C",
        "cron": "40 3 * * *",
    },
    "Delete old notifications and sessions": {
        "func": "submissions.jobs.delete_what_is_old",
        "schedule_type": "C",
        "cron": "50 3 * * *",
    },
    "Look for drift": {"func": "evaluation.jobs.find_drift", "schedule_type": "C", "cron": "0 4 * * *"},
    "Pick results for spot checks": {"func": "submissions.jobs.spot_checks", "schedule_type": "H"},
}
# How long what grows with use is kept; 0: for ever (docs/operations.md).
KEEP_ATTEMPTS_DAYS = env.int("PODIUM_KEEP_ATTEMPTS_DAYS", 30)
KEEP_DRIFT_DAYS = env.int("PODIUM_KEEP_DRIFT_DAYS", 180)
KEEP_NOTIFICATIONS_DAYS = env.int("PODIUM_KEEP_NOTIFICATIONS_DAYS", 90)
# The address of this board in what is sent to people, and which addresses they may be told at (docs/notifications.md).
SITE_URL = env.str("PODIUM_URL", f"https://{ALLOWED_HOSTS[0]}" if PRODUCTION else "http://localhost:8000")
WEBHOOK_PRIVATE = env.bool("PODIUM_WEBHOOK_PRIVATE", False)
WEBHOOK_HTTP = WEBHOOK_PRIVATE or not PRODUCTION

# Who may read /metrics: whoever sends the token, and these networks where no proxy stands between (docs/operations.md).
METRICS_TOKEN = env.str("PODIUM_METRICS_TOKEN", "")
METRICS_NETWORKS: list[str] = env.list(
    "PODIUM_METRICS_NETWORKS",
    ["127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
)
# Tokens for private models are encrypted with the first of these phrases; the others still open what they encrypted.
CREDENTIAL_KEYS: list[str] = env.list("PODIUM_CREDENTIAL_KEYS", [] if PRODUCTION else ["development-only-phrase"])

# What a person may ask for; moderators change it for single people.
QUOTA_SUBMISSIONS_PER_MONTH = env.int("PODIUM_QUOTA_PER_MONTH", 30)
QUOTA_UNFINISHED = env.int("PODIUM_QUOTA_UNFINISHED", 10)


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
