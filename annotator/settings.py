"""One settings file, driven by the environment; the README's configuration table lists every variable."""

import os
import secrets
from pathlib import Path

import dj_database_url

BASE_DIR = Path(__file__).resolve().parent.parent
env = os.environ


def flag(name: str, default: bool = False) -> bool:
    """Read a yes/no variable: 1, true, yes and on mean yes."""
    return env.get(name, str(default)).strip().lower() in {"1", "true", "yes", "on"}


def words(name: str, default: str = "") -> list[str]:
    """Read a comma-separated variable."""
    return [word.strip() for word in env.get(name, default).split(",") if word.strip()]


def own_secret(folder: Path) -> str:
    """Return this data directory's key, made on first use and readable by its owner only."""
    path = folder / "secret.key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".secret.key.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        try:
            os.link(draft, path)  # never replaces a key that another process made meanwhile
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


VERSION = "0.1.0"
DATA_DIR = Path(env.get("ANNOTATOR_DATA_DIR", "data")).resolve()
DEBUG = flag("ANNOTATOR_DEBUG")
SECRET_KEY = env.get("ANNOTATOR_SECRET_KEY") or own_secret(DATA_DIR)
ALLOWED_HOSTS = words("ANNOTATOR_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = words("ANNOTATOR_TRUSTED_ORIGINS")
BEHIND_TLS = flag("ANNOTATOR_BEHIND_TLS")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "knox",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "annotator.common",
    "annotator.accounts",
    "annotator.projects",
    "annotator.events",
    "annotator.jobs",
    "annotator.images",
    "annotator.labeling",
    "annotator.curation",
    "annotator.snapshots",
    "annotator.modeling",
    "annotator.insights",
    "worker",
]
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "annotator.common.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "annotator.urls"
WSGI_APPLICATION = "annotator.wsgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

DATABASES = {
    "default": dj_database_url.config(
        default=f"sqlite:///{DATA_DIR / 'annotator.sqlite3'}", conn_max_age=60, conn_health_checks=True
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 30,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;",
    }
    # A file even in tests: threads and worker processes must meet the real locks. One a run, so that two do not meet.
    own_file = str(DATA_DIR / f"test-{os.getpid()}.sqlite3")
    DATABASES["default"]["TEST"] = {"NAME": env.get("ANNOTATOR_TEST_SQLITE", own_file)}

REDIS_URL = env.get("REDIS_URL") or f"redis+socket://{DATA_DIR / 'valkey.sock'}"
EMBEDDED_BROKER = not env.get("REDIS_URL")

# Where pictures live: a local folder, or a bucket when one is named.
BLOB_BUCKET = env.get("ANNOTATOR_S3_BUCKET", "")
BLOB_DIR = DATA_DIR / "blobs"
ARRAY_DIR = DATA_DIR / "arrays"
CACHE_BYTES = int(env.get("ANNOTATOR_CACHE_BYTES", str(20 * 1024**3)))  # of pictures fetched from a bucket
KEEP_DAYS = float(env.get("ANNOTATOR_KEEP_DAYS", "30"))  # how long pictures of undone imports stay stored
INBOX_DIR = DATA_DIR / "inbox"
SCRATCH_DIR = DATA_DIR / "scratch"
RATES_DIR = DATA_DIR / "rates"  # how fast backbones are on this machine
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(BLOB_DIR)},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if BLOB_BUCKET:
    from botocore.config import Config  # takes a while, and is for buckets alone

    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": BLOB_BUCKET,
            "endpoint_url": env.get("ANNOTATOR_S3_ENDPOINT") or None,
            "querystring_auth": True,
            "file_overwrite": True,
            "max_memory_size": 8 * 1024 * 1024,
            # A bucket that is away must not hold those who label for minutes.
            "client_config": Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 3}),
        },
    }

# Jobs (DESIGN: the database is the truth, the broker a doorbell). Seconds.
JOB_BEAT_SECONDS = float(env.get("ANNOTATOR_JOB_BEAT_SECONDS", "5"))
JOB_DEAD_SECONDS = float(env.get("ANNOTATOR_JOB_DEAD_SECONDS", "30"))
JOB_SWEEP_SECONDS = float(env.get("ANNOTATOR_JOB_SWEEP_SECONDS", "30"))
WEBHOOK_SECONDS = float(env.get("ANNOTATOR_WEBHOOK_SECONDS", "3"))
BEAT_SECONDS = float(env.get("ANNOTATOR_BEAT_SECONDS", "5"))  # at most, until beat sees a changed schedule
LEASE_SECONDS = int(env.get("ANNOTATOR_LEASE_SECONDS", "600"))
WEIGHTS_DIR = Path(env["ANNOTATOR_WEIGHTS_DIR"]) if env.get("ANNOTATOR_WEIGHTS_DIR") else None
# Host names and networks in private address space that requests to addresses which people typed may go to.
OUTGOING_ALLOW = words("ANNOTATOR_OUTGOING_ALLOW")
ALLOW_HUB = flag("ANNOTATOR_ALLOW_HUB")
TORCH_COMPILE = flag("ANNOTATOR_TORCH_COMPILE")

# Uploads are streamed to disk; a request carries a few dozen pictures.
FILE_UPLOAD_TEMP_DIR = None
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 500
MAX_UPLOAD_BYTES = int(env.get("ANNOTATOR_MAX_UPLOAD_BYTES", str(20 * 1024**3)))

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
AXES_FAILURE_LIMIT = int(env.get("ANNOTATOR_LOGIN_ATTEMPTS", "10"))
AXES_COOLOFF_TIME = float(env.get("ANNOTATOR_LOGIN_COOLOFF_HOURS", "0.25"))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "annotator.accounts.api.too_many_attempts"
AXES_VERBOSE = False
REST_KNOX = {"TOKEN_TTL": None, "AUTO_REFRESH": False, "AUTH_HEADER_PREFIX": "Token"}

SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 60 * 60 * 24 * 30

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["annotator.common.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "annotator.common.schema.ViewSchema",
    "EXCEPTION_HANDLER": "annotator.common.errors.handle_exception",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Annotator API",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api",
    # What several objects have under one field name, such as a state, is named apart.
    "ENUM_NAME_OVERRIDES": {
        "JobKindEnum": "annotator.jobs.models.JobKind",
        "JobStateEnum": "annotator.jobs.models.Job.State",
        "ModelStateEnum": "annotator.modeling.models.ModelVersion.State",
        "PresetEnum": "annotator.modeling.models.Preset",
        "NoLookAlikesEnum": ["embedding", "computing", "unreadable", "blind"],
        "ScheduleKindEnum": "annotator.modeling.models.Schedule.Kind",
        "VerdictEnum": ["label", "skip", "unsure", "flag"],
        "VerifyReasonEnum": ["nothing_left", "no_suggestions", "all_leased"],
    },
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
WEB_DIR = BASE_DIR / "annotator" / "web"
WHITENOISE_ROOT = WEB_DIR if WEB_DIR.is_dir() else None
WHITENOISE_INDEX_FILE = False
WHITENOISE_USE_FINDERS = True
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/assets/.+-[\w-]{8}\.\w+$"  # the build puts a hash into these names

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.get("ANNOTATOR_LOG_LEVEL", "INFO")},
    "loggers": {"axes": {"level": "WARNING"}, "django.request": {"level": "ERROR"}, "PIL": {"level": "WARNING"}},
}
