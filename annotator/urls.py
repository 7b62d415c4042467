"""Every URL of the product in one list."""

from django.urls import URLPattern, URLResolver, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from annotator.accounts import api as accounts
from annotator.common import shell
from annotator.events import api as events
from annotator.insights import api as insights
from annotator.jobs import api as jobs
from annotator.projects import api as projects

PROJECT = "api/projects/<int:project_id>"

urlpatterns: list[URLPattern | URLResolver] = [
    # accounts
    path("api/auth/me", accounts.MeView.as_view()),
    path("api/auth/login", accounts.LoginView.as_view()),
    path("api/auth/logout", accounts.LogoutView.as_view()),
    path("api/auth/password", accounts.PasswordView.as_view()),
    path("api/auth/tokens", accounts.TokensView.as_view()),
    path("api/auth/tokens/<int:token_id>", accounts.TokenView.as_view()),
    path("api/users", accounts.UsersView.as_view()),
    path("api/users/<int:user_id>", accounts.UserView.as_view()),
    # projects
    path(PROJECT, projects.ProjectDetailView.as_view()),
    path(f"{PROJECT}/classes", projects.ClassesView.as_view()),
    path(f"{PROJECT}/classes/<int:class_id>", projects.ClassView.as_view()),
    path(f"{PROJECT}/members", projects.MembersView.as_view()),
    path(f"{PROJECT}/members/<int:user_id>", projects.MemberView.as_view()),
    # events
    path(f"{PROJECT}/events", events.EventsView.as_view()),
    # jobs
    path(f"{PROJECT}/jobs", jobs.JobsView.as_view()),
    path(f"{PROJECT}/jobs/<int:job_id>", jobs.JobView.as_view()),
    path(f"{PROJECT}/jobs/<int:job_id>/cancel", jobs.JobCancelView.as_view()),
    path(f"{PROJECT}/jobs/<int:job_id>/retry", jobs.JobRetryView.as_view()),
    path("api/workers", jobs.WorkersView.as_view()),
    # images
    # labeling
    # insights
    path("api/projects", insights.ProjectsView.as_view()),
    path("api/presets", insights.PresetsView.as_view()),
    # the API's own description, and addresses that it does not have
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema")),
    re_path(r"^api(?:/.*)?$", shell.unknown_api_address),
    # the web page and what load balancers ask
    path("healthz", shell.health),
    re_path(r"^(?!static/|assets/).*$", shell.page),
]
handler500 = shell.server_error
