"""Django settings: PostgreSQL only, strict by default, everything variable from the environment.

``DAIHOU_HOME`` data and secrets · ``DATABASE_URL`` one's own server · ``DAIHOU_HOSTS`` names the
pages are served under (default: this machine only) · ``DAIHOU_DEBUG`` error pages for developers
· ``DAIHOU_SECOND_FACTOR`` "required" or "exempt" (default: required unless served on this machine
only) · ``DAIHOU_IDLE_MINUTES`` · ``DAIHOU_REVEALS_A_DAY``.
"""

import os
import secrets as randomness
from pathlib import Path

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from daihou.web import home
from daihou.web.assets import places
from daihou.web.postgres import connections

WEB = Path(__file__).parent
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

_secrets = home.find_secrets()  # Made by daihou.web.setup; importing the settings writes nothing.
SECRET_KEY = _secrets.django_key if _secrets else randomness.token_urlsafe(48)
DEBUG = os.environ.get("DAIHOU_DEBUG") == "1"
ALLOWED_HOSTS = [host for host in os.environ.get("DAIHOU_HOSTS", "").split(",") if host]
ALLOWED_HOSTS = ALLOWED_HOSTS or list(LOCAL_HOSTS)
IS_LOCAL = all(host in LOCAL_HOSTS for host in ALLOWED_HOSTS)

INSTALLED_APPS = [
    "daihou.web.access",
    "daihou.web.audit",
    "daihou.web.parties",
    "daihou.web.parameters",
    "daihou.web.loans",
    "daihou.web.ledger",
    "daihou.web.approvals",
    "daihou.web.servicing",
    "daihou.web.jobs",
    "daihou.web.payments",
    "daihou.web.accounting",
    "daihou.web.credit",
    "daihou.web.collateral",
    "daihou.web.archive",
    "daihou.web.documents",
    "daihou.web.limitation",
    "daihou.web.contacts",
    "daihou.web.channels",
    "daihou.web.cases",
    "daihou.web.visits",
    "daihou.web.quality",
    "daihou.web.training",
    "daihou.web.complaints",
    "daihou.web.board",
    "daihou.web.desk",
    "daihou.web.api",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_cotton",
    "django_htmx",
    "procrastinate.contrib.django",
    "rules",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "daihou.web.payments.hooks.calls_first",
    "daihou.web.channels.hooks.calls_first",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "daihou.web.access.middleware.whole_page_log_in",
    "daihou.web.access.sessions.bounded_sessions",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "daihou.web.board.refusing.page_for_not_allowed",
    "daihou.web.access.sessions.second_factor_first",
]

ROOT_URLCONF = "daihou.web.urls"
WSGI_APPLICATION = "daihou.web.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [WEB / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]

# The database. The application's role does not own the tables; "owner" is for migrations only.
DATABASES = connections.django_databases()
DATABASE_ROUTERS: list[str] = []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {  # Shared by all processes, so that log-in limits hold.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "access_cache",
    },
    "board": {  # Figures by version of the book: files, so that a restart finds them again.
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": home.home() / "cache" / "board",
        "TIMEOUT": None,
        "OPTIONS": {"MAX_ENTRIES": 500},
    },
}

# Logging in.
AUTH_USER_MODEL = "access.User"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "daihou.web.access.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
}
MFA_ADAPTER = "daihou.web.access.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "daihou.web.access.forms.CodeForm",
    "reauthenticate": "daihou.web.access.forms.CodeAgainForm",
    "activate_totp": "daihou.web.access.forms.ActivateAppForm",
    "add_webauthn": "daihou.web.access.forms.AddPasskeyForm",
    "edit_webauthn": "daihou.web.access.forms.RenamePasskeyForm",
}
MFA_TOTP_ISSUER = "daihou"
MFA_TOTP_TOLERANCE = 1  # Clocks of phones are off by up to half a minute.
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = IS_LOCAL  # "localhost" has no TLS.
SECOND_FACTOR = os.environ.get("DAIHOU_SECOND_FACTOR") or ("exempt" if IS_LOCAL else "required")
REVEALS_A_DAY = int(os.environ.get("DAIHOU_REVEALS_A_DAY", "200"))  # Of one user.

# Language and time. Times are rendered in the business zone, on the server.
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("English"))]
LOCALE_PATHS = [places.catalogs_folder()]
USE_I18N = True
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# Files served.
STATIC_URL = "static/"
STATIC_ROOT = home.home() / "static"
STATICFILES_DIRS = [WEB / "static"] if (WEB / "static").is_dir() else []
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "daihou.web.assets.finders.NodeModulesFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "daihou.web.assets.storage.CollectedStaticFiles"},
}

# Security. Off this machine everything goes over TLS.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "media-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    },
}
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_IDLE_SECONDS = 60 * int(os.environ.get("DAIHOU_IDLE_MINUTES", "30"))
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not IS_LOCAL
SECURE_SSL_REDIRECT = not IS_LOCAL
SECURE_HSTS_SECONDS = 0 if IS_LOCAL else 365 * 24 * 60 * 60
SECURE_PROXY_SSL_HEADER = None if IS_LOCAL else ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = [] if IS_LOCAL else [f"https://{host}" for host in ALLOWED_HOSTS]
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "daihou.web.archive.uploads.BoundedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# Telling other systems. Addresses of the own machine only where an operator says so.
WEBHOOKS_LOCAL = os.environ.get("DAIHOU_WEBHOOKS_LOCAL") == "1"

EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
SILENCED_SYSTEM_CHECKS: list[str] = []
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "daihou": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}
