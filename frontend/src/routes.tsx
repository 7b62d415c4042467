/** Every page of the product and its address; the only place where features meet. */
import { createBrowserRouter, type RouteObject } from "react-router";
import { Lost, RouteError } from "./components/Crash";
import { LoginPage } from "./features/auth/LoginPage";
import { RequireUser } from "./features/auth/RequireUser";
import { UnsentKeeper } from "./features/labeling/UnsentKeeper";
import { Bell } from "./features/notifications/Bell";
import { ProjectsPage } from "./features/project/ProjectsPage";
import { App } from "./features/shell/App";
import { ProjectShell } from "./features/shell/ProjectShell";
import { SiteShell } from "./features/shell/SiteShell";
import { VerifyKeeper } from "./features/verify/VerifyKeeper";

const projectRoutes: RouteObject[] = [
  { index: true, lazy: async () => ({ Component: (await import("./HomeRoute")).HomeRoute }) },
  {
    path: "label",
    lazy: async () => ({ Component: (await import("./features/labeling/LabelPage")).LabelPage }),
  },
  {
    path: "verify",
    lazy: async () => ({ Component: (await import("./features/verify/VerifyPage")).VerifyPage }),
  },
  {
    path: "review",
    lazy: async () => ({ Component: (await import("./features/review/ReviewPage")).ReviewPage }),
  },
  {
    path: "history",
    lazy: async () => ({ Component: (await import("./features/history/HistoryPage")).HistoryPage }),
  },
  {
    path: "gallery",
    lazy: async () => ({ Component: (await import("./features/gallery/GalleryPage")).GalleryPage }),
  },
  {
    path: "snapshots",
    lazy: async () => ({ Component: (await import("./features/snapshots/SnapshotsPage")).SnapshotsPage }),
  },
  {
    path: "snapshots/:snapshotId",
    lazy: async () => ({ Component: (await import("./features/snapshots/SnapshotPage")).SnapshotPage }),
  },
  {
    path: "exports",
    lazy: async () => ({ Component: (await import("./features/exports/ExportsPage")).ExportsPage }),
  },
  {
    path: "duplicates",
    lazy: async () => ({ Component: (await import("./features/duplicates/DuplicatesPage")).DuplicatesPage }),
  },
  {
    path: "balance",
    lazy: async () => ({ Component: (await import("./features/balance/BalancePage")).BalancePage }),
  },
  {
    path: "selection",
    lazy: async () => ({ Component: (await import("./features/selection/SelectionPage")).SelectionPage }),
  },
  {
    path: "training/:runId/balance",
    lazy: async () => ({ Component: (await import("./features/balance/RunBalancePage")).RunBalancePage }),
  },
  {
    path: "imports",
    lazy: async () => ({ Component: (await import("./features/imports/ImportsPage")).ImportsPage }),
  },
  {
    path: "imports/new",
    lazy: async () => ({ Component: (await import("./features/imports/ImportsPage")).NewImportPage }),
  },
  {
    path: "imports/:batchId",
    lazy: async () => ({ Component: (await import("./features/imports/BatchPage")).BatchPage }),
  },
  {
    path: "models",
    lazy: async () => ({ Component: (await import("./features/models/ModelsPage")).ModelsPage }),
  },
  {
    path: "models/:modelId",
    lazy: async () => ({ Component: (await import("./features/models/ModelPage")).ModelPage }),
  },
  {
    path: "training",
    lazy: async () => ({ Component: (await import("./features/training/TrainingPage")).TrainingPage }),
  },
  {
    path: "training/:runId",
    lazy: async () => ({ Component: (await import("./features/training/RunPage")).RunPage }),
  },
  {
    path: "schedules",
    lazy: async () => ({ Component: (await import("./features/schedules/SchedulesPage")).SchedulesPage }),
  },
  { path: "jobs", lazy: async () => ({ Component: (await import("./features/jobs/JobsPage")).JobsPage }) },
  {
    path: "settings",
    lazy: async () => ({ Component: (await import("./features/project/SettingsPage")).SettingsPage }),
    children: [
      {
        index: true,
        lazy: async () => ({
          Component: (await import("./features/project/GeneralSettings")).GeneralSettings,
        }),
      },
      {
        path: "classes",
        lazy: async () => ({ Component: (await import("./features/project/ClassSettings")).ClassSettings }),
      },
      {
        path: "members",
        lazy: async () => ({ Component: (await import("./features/project/MemberSettings")).MemberSettings }),
      },
      {
        path: "webhooks",
        lazy: async () => ({
          Component: (await import("./features/project/WebhookSettings")).WebhookSettings,
        }),
      },
    ],
  },
];

const siteRoutes: RouteObject[] = [
  { index: true, Component: ProjectsPage },
  {
    path: "projects/new",
    lazy: async () => ({ Component: (await import("./features/project/NewProjectPage")).NewProjectPage }),
  },
  {
    path: "account",
    lazy: async () => ({ Component: (await import("./features/auth/AccountPage")).AccountPage }),
  },
  {
    path: "notifications",
    lazy: async () => ({
      Component: (await import("./features/notifications/NotificationsPage")).NotificationsPage,
    }),
  },
  {
    path: "users",
    lazy: async () => ({ Component: (await import("./features/admin/UsersPage")).UsersPage }),
  },
  {
    path: "workers",
    lazy: async () => ({ Component: (await import("./features/admin/WorkersPage")).WorkersPage }),
  },
  {
    path: "storage",
    lazy: async () => ({ Component: (await import("./features/admin/StoragePage")).StoragePage }),
  },
];

export const router = createBrowserRouter([
  {
    Component: App,
    ErrorBoundary: RouteError,
    HydrateFallback: () => null,
    children: [
      { path: "login", Component: LoginPage },
      {
        Component: RequireUser,
        children: [
          { element: <SiteShell bell={<Bell compact inHeader />} />, children: siteRoutes },
          {
            path: "projects/:projectId",
            element: (
              <ProjectShell
                keeper={(project) => (
                  <>
                    <UnsentKeeper project={project.id} />
                    <VerifyKeeper project={project.id} />
                  </>
                )}
                bell={(compact) => <Bell compact={compact} />}
              />
            ),
            children: projectRoutes,
          },
        ],
      },
      { path: "*", element: <Lost /> },
    ],
  },
]);
