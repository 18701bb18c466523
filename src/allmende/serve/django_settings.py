"""Django's settings, derived from ours; the only file that writes Django's names."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from allmende.serve.settings import Settings, secret_key
from allmende.serve.settings import settings as read_settings

ALLMENDE: Settings = read_settings()
PACKAGE = Path(__file__).parent.parent


def _portal_database(current: Settings) -> dict[str, object]:
    """Give the connection of the portal.

    SQLite keeps its rollback journal: Python's own SQLite may carry the WAL-reset fault (ADR 0006).
    PostgreSQL drops to a role that has no right on the schema of the observations (ADR 0007).
    """
    url = current.portal_database_url or current.database_url
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": current.home / "city.sqlite3",
            "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
        }
    parts = urlsplit(url)
    role = "" if current.portal_database_url else "-c role=allmende_portal "
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "OPTIONS": {"options": f"{role}-c search_path=city"},
    }


def _single_sign_on(current: Settings) -> dict[str, object]:
    """Give the city's own OpenID Connect provider, whose e-mail addresses are taken as checked."""
    if not current.oidc_server:
        return {}
    app = {
        "provider_id": "stadt",
        "name": current.oidc_name or urlsplit(current.oidc_server).hostname or "OpenID Connect",
        "client_id": current.oidc_client_id,
        "secret": current.oidc_client_secret,
        "settings": {"server_url": current.oidc_server, "verified_email": True, "oauth_pkce_enabled": True},
    }
    return {"openid_connect": {"APPS": [app]}}


def _mail(current: Settings) -> dict[str, object]:
    """Give the mail server; without one, mails are printed to the log."""
    if not current.mail_url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    parts = urlsplit(current.mail_url)
    return {
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.port == 587,
    }


SECRET_KEY = secret_key(ALLMENDE)
DEBUG = ALLMENDE.debug
ALLOWED_HOSTS = list(ALLMENDE.allowed_hosts) or ["127.0.0.1", "localhost", "[::1]", "testserver"]
_PUBLIC = urlsplit(ALLMENDE.public_url)
if _PUBLIC.hostname:
    ALLOWED_HOSTS.append(_PUBLIC.hostname)
HTTPS = _PUBLIC.scheme == "https"
CSRF_TRUSTED_ORIGINS = [ALLMENDE.public_url.rstrip("/")] if ALLMENDE.public_url else []

INSTALLED_APPS = [
    "allmende.ui",
    "allmende.accounts",
    "allmende.catalog",
    "allmende.register",
    "allmende.register.objections",
    "allmende.register.minutes",
    "allmende.programme",
    "allmende.money",
    "allmende.participation",
    "allmende.alerts",
    "allmende.council",
    "allmende.effects",
    "allmende.reports",
    "allmende.transfer",
    "allmende.federation",
    "allmende.portal",
    "allmende.portal.office",
    "wagtail.users",
    "wagtail.images",
    "wagtail.documents",
    "wagtail.snippets",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "taggit",
    "modelcluster",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "allmende.portal.middleware.WholeAddresses",
    "allmende.portal.middleware.PortalHeaders",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allmende.portal.office.language.OwnLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "allmende.serve.urls"
WSGI_APPLICATION = "allmende.serve.wsgi.app"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
DATABASES = {"default": _portal_database(ALLMENDE)}
AUTH_USER_MODEL = "accounts.Person"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "wagtailadmin_home"
ACCOUNT_ADAPTER = "allmende.accounts.sign_on.StaffAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = bool(ALLMENDE.mail_url)
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Allmende] "
ACCOUNT_SESSION_REMEMBER = False
# Who is signed in but has no role is shown the form; a redirect would go in circles.
ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Counts of attempts and objections, in memory alone: no address is written down. Django would forget beyond 300.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
# Attempts with a wrong password: by address, and by address and e-mail together.
ACCOUNT_RATE_LIMITS = {"login_failed": "20/m/ip,5/5m/key"}
# The data process, or the proxy before the web process, names the client as the last one.
ALLAUTH_TRUSTED_PROXY_COUNT = 1
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_TOTP_ISSUER = "Allmende"
SOCIALACCOUNT_ADAPTER = "allmende.accounts.sign_on.SingleSignOnAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS = _single_sign_on(ALLMENDE)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "de"
LANGUAGES = [("de", "Deutsch"), ("en", "English")]
WAGTAILADMIN_PERMITTED_LANGUAGES = LANGUAGES
WAGTAIL_USER_TIME_ZONES = ["Europe/Berlin"]
LOCALE_PATHS = [PACKAGE / "ui" / "locale"]
FORMAT_MODULE_PATH = ["allmende.ui.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Berlin"

STATIC_URL = "/static/"
MEDIA_URL = "/media/"
MEDIA_ROOT = ALLMENDE.home / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

# Cookies exist for the staff room only; the portal never sets or receives one.
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = "/intern/"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SECURE_REFERRER_POLICY = "same-origin"
# How the calendars of the forms write a day; both languages read it.
WAGTAIL_DATE_FORMAT = "%d.%m.%Y"
WAGTAIL_SITE_NAME = "Allmende"
WAGTAILADMIN_BASE_URL = ALLMENDE.public_url or f"http://{ALLMENDE.host}:{ALLMENDE.port}"
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = WAGTAIL_PASSWORD_RESET_ENABLED = WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAILADMIN_NOTIFICATION_INCLUDE_SUPERUSERS = False

globals().update(_mail(ALLMENDE))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = ALLMENDE.mail_from or "allmende@localhost"
