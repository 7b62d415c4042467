"""Every URL of the product in one list."""

from django.urls import URLPattern, URLResolver, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from annotator.accounts import api as accounts
from annotator.common import shell
from annotator.curation import api as curation
from annotator.events import api as events
from annotator.images import api as images
from annotator.insights import api as insights
from annotator.jobs import api as jobs
from annotator.jobs.site import api as site
from annotator.labeling import api as labeling
from annotator.modeling import api as modeling
from annotator.projects import api as projects
from annotator.snapshots import api as snapshots

PROJECT = "api/projects/<int:project_id>"

urlpatterns: list[URLPattern | URLResolver] = [
    # accounts
    path("api/auth/me", accounts.MeView.as_view()),
    path("api/auth/login", accounts.LoginView.as_view()),
    path("api/auth/logout", accounts.LogoutView.as_view()),
    path("api/auth/password", accounts.PasswordView.as_view()),
    path("api/auth/me/preferences", accounts.PreferencesView.as_view()),
    path("api/auth/tokens", accounts.TokensView.as_view()),
    path("api/auth/tokens/<int:token_id>", accounts.TokenView.as_view()),
    path("api/users", accounts.UsersView.as_view()),
    path("api/users/<int:user_id>", accounts.UserView.as_view()),
    path("api/users/<int:user_id>/password", accounts.UserPasswordView.as_view()),
    # projects
    path(PROJECT, labeling.ProjectSettingsView.as_view()),
    path(f"{PROJECT}/classes", projects.ClassesView.as_view()),
    path(f"{PROJECT}/classes/<int:class_id>", projects.ClassView.as_view()),
    path(f"{PROJECT}/members", projects.MembersView.as_view()),
    path(f"{PROJECT}/members/<int:user_id>", projects.MemberView.as_view()),
    # events
    path("api/notifications", events.NotificationsView.as_view()),
    path("api/notifications/read", events.NotificationsReadView.as_view()),
    path(f"{PROJECT}/webhooks", events.WebhooksView.as_view()),
    path(f"{PROJECT}/webhooks/<int:webhook_id>", events.WebhookView.as_view()),
    path(f"{PROJECT}/webhooks/<int:webhook_id>/secret", events.WebhookSecretView.as_view()),
    path(f"{PROJECT}/webhooks/<int:webhook_id>/test", events.WebhookTestView.as_view()),
    path(f"{PROJECT}/webhooks/<int:webhook_id>/deliveries", events.DeliveriesView.as_view()),
    path(f"{PROJECT}/deliveries/<int:delivery_id>/retry", events.DeliveryRetryView.as_view()),
    path(f"{PROJECT}/events", events.EventsView.as_view()),
    # jobs
    path(f"{PROJECT}/jobs", jobs.JobsView.as_view()),
    path(f"{PROJECT}/jobs/<int:job_id>", jobs.JobView.as_view()),
    path(f"{PROJECT}/jobs/<int:job_id>/cancel", jobs.JobCancelView.as_view()),
    path(f"{PROJECT}/jobs/<int:job_id>/retry", jobs.JobRetryView.as_view()),
    path("api/workers", jobs.WorkersView.as_view()),
    path("api/jobs", site.SiteJobsView.as_view()),
    path("api/jobs/<int:job_id>/cancel", site.SiteJobCancelView.as_view()),
    path("api/jobs/<int:job_id>/retry", site.SiteJobRetryView.as_view()),
    path("api/storage", site.StorageView.as_view()),
    path("api/storage/collect", site.StorageCollectView.as_view()),
    path(f"{PROJECT}/delete", site.ProjectDeletionView.as_view()),
    # images
    path(f"{PROJECT}/imports", images.ImportsView.as_view()),
    path(f"{PROJECT}/imports/<int:batch_id>", images.ImportView.as_view()),
    path(f"{PROJECT}/imports/<int:batch_id>/files", images.ImportFilesView.as_view()),
    path(f"{PROJECT}/imports/<int:batch_id>/start", images.ImportStartView.as_view()),
    path(f"{PROJECT}/imports/<int:batch_id>/rejected", images.ImportRejectedView.as_view()),
    path(f"{PROJECT}/images", images.ImagesView.as_view()),
    path(f"{PROJECT}/images/<int:image_id>", images.ImageView.as_view()),
    path(f"{PROJECT}/images/<int:image_id>/similar", images.SimilarView.as_view()),
    path(f"{PROJECT}/blobs/<str:sha256>/<str:variant>", images.BlobView.as_view()),
    path(f"{PROJECT}/suggestions", images.SuggestionsView.as_view()),
    # labeling
    path(f"{PROJECT}/lease", labeling.LeaseView.as_view()),
    path(f"{PROJECT}/focus", labeling.FocusView.as_view()),
    path(f"{PROJECT}/classes/<int:class_id>/guide", labeling.GuideView.as_view()),
    path(f"{PROJECT}/classes/<int:class_id>/examples", labeling.ExamplesView.as_view()),
    path(f"{PROJECT}/images/<int:image_id>/neighbours", labeling.NeighboursView.as_view()),
    path(f"{PROJECT}/release", labeling.ReleaseView.as_view()),
    path(f"{PROJECT}/annotations", labeling.AnnotationsView.as_view()),
    path(f"{PROJECT}/refresh", labeling.RefreshView.as_view()),
    path(f"{PROJECT}/selection", labeling.SelectionView.as_view()),
    path(f"{PROJECT}/verify", labeling.VerifyView.as_view()),
    path(f"{PROJECT}/verify/pages", labeling.VerifyPagesView.as_view()),
    path(f"{PROJECT}/verify/pages/<int:page_id>/confirm", labeling.VerifyConfirmView.as_view()),
    path(f"{PROJECT}/verify/pages/<int:page_id>/undo", labeling.VerifyUndoView.as_view()),
    path(f"{PROJECT}/verify/release", labeling.VerifyReleaseView.as_view()),
    path(f"{PROJECT}/verify/misses", labeling.VerifyMissesView.as_view()),
    path(f"{PROJECT}/holdouts", labeling.HoldoutsView.as_view()),
    path(f"{PROJECT}/holdouts/<str:name>", labeling.HoldoutView.as_view()),
    path(f"{PROJECT}/reserve/release", labeling.ReserveReleaseView.as_view()),
    path(f"{PROJECT}/imports/<int:batch_id>/undo", labeling.ImportUndoView.as_view()),
    path(f"{PROJECT}/members/<int:user_id>/retract", labeling.RetractView.as_view()),
    path(f"{PROJECT}/cases", labeling.CasesView.as_view()),
    path(f"{PROJECT}/cases/<int:case_id>", labeling.CaseView.as_view()),
    path(f"{PROJECT}/cases/<int:case_id>/comments", labeling.CaseCommentsView.as_view()),
    path(f"{PROJECT}/cases/<int:case_id>/resolve", labeling.CaseResolveView.as_view()),
    path(f"{PROJECT}/cases/<int:case_id>/send_back", labeling.CaseSendBackView.as_view()),
    path(f"{PROJECT}/cases/<int:case_id>/reopen", labeling.CaseReopenView.as_view()),
    path(f"{PROJECT}/agreement", labeling.AgreementView.as_view()),
    # curation
    path(f"{PROJECT}/duplicates", curation.DuplicatesView.as_view()),
    path(f"{PROJECT}/duplicates/find", curation.DuplicatesFindView.as_view()),
    path(f"{PROJECT}/duplicates/<int:group>/split", curation.DuplicatesSplitView.as_view()),
    # snapshots
    path(f"{PROJECT}/snapshots", snapshots.SnapshotsView.as_view()),
    path(f"{PROJECT}/snapshots/<int:snapshot_id>", snapshots.SnapshotView.as_view()),
    path(f"{PROJECT}/snapshots/<int:snapshot_id>/rows", snapshots.SnapshotRowsView.as_view()),
    path(f"{PROJECT}/exports", snapshots.ExportsView.as_view()),
    path(f"{PROJECT}/exports/<int:export_id>", snapshots.ExportView.as_view()),
    path(f"{PROJECT}/exports/<int:export_id>/download", snapshots.ExportDownloadView.as_view()),
    # training runs
    path(f"{PROJECT}/runs", modeling.RunsView.as_view()),
    path(f"{PROJECT}/runs/<int:run_id>", modeling.RunView.as_view()),
    path(f"{PROJECT}/runs/<int:run_id>/cancel", modeling.RunCancelView.as_view()),
    path(f"{PROJECT}/recipes", modeling.RecipesView.as_view()),
    # models
    path(f"{PROJECT}/models", modeling.ModelsView.as_view()),
    path(f"{PROJECT}/models/<int:model_id>", modeling.ModelDetailView.as_view()),
    path(f"{PROJECT}/models/<int:model_id>/cell", modeling.ModelCellView.as_view()),
    path(f"{PROJECT}/models/<int:model_id>/download", modeling.ModelDownloadView.as_view()),
    path(f"{PROJECT}/models/<int:model_id>/card", modeling.ModelCardView.as_view()),
    path(f"{PROJECT}/models/<int:model_id>/promote", modeling.ModelPromoteView.as_view()),
    path(f"{PROJECT}/models/<int:model_id>/try", modeling.ModelTryView.as_view()),
    path(f"{PROJECT}/modeling-settings", modeling.ModelingSettingsView.as_view()),
    path(f"{PROJECT}/backbone", modeling.BackboneView.as_view()),
    path(f"{PROJECT}/backbone/measure", modeling.BackboneMeasureView.as_view()),
    # schedules
    path(f"{PROJECT}/schedules", modeling.SchedulesView.as_view()),
    path(f"{PROJECT}/schedules/<int:schedule_id>", modeling.ScheduleView.as_view()),
    path(f"{PROJECT}/schedules/<int:schedule_id>/fire", modeling.ScheduleFireView.as_view()),
    path(f"{PROJECT}/firings", modeling.FiringsView.as_view()),
    path("api/timezones", modeling.TimezonesView.as_view()),
    # balance reports
    path(f"{PROJECT}/balance-report", modeling.BalanceReportView.as_view()),
    path(f"{PROJECT}/runs/<int:run_id>/balance", modeling.RunBalanceView.as_view()),
    # insights
    path("api/projects", insights.ProjectsView.as_view()),
    path("api/presets", insights.PresetsView.as_view()),
    path(f"{PROJECT}/pulse", insights.PulseView.as_view()),
    path(f"{PROJECT}/overview", insights.OverviewView.as_view()),
    path(f"{PROJECT}/heads", insights.HeadsView.as_view()),
    path(f"{PROJECT}/balance", insights.BalanceView.as_view()),
    path(f"{PROJECT}/gallery", insights.GalleryView.as_view()),
    # the API's own description, and addresses that it does not have
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema")),
    re_path(r"^api(?:/.*)?$", shell.unknown_api_address),
    # the web page and what load balancers ask
    path("healthz", insights.health),
    re_path(r"^(?!static/|assets/).*$", shell.page),
]
handler500 = shell.server_error
