/** Notifications and webhooks: their shapes, calls and cached reads. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { keys } from "./queries";
import type { components } from "./schema";

type Schemas = components["schemas"];

/** Something that a person is told; what `data` tells depends on the kind. */
export type Notification = Omit<Schemas["Notification"], "data"> & { data: Record<string, unknown> };
export type Webhook = Schemas["Webhook"];
export type WebhookChange = Schemas["PatchedWebhookChangeRequest"];
export type Delivery = Schemas["Delivery"];
export type EventKind = Webhook["kinds"][number];

interface NotificationPage {
  results: Notification[];
  next: number | null;
  unread: number;
}

export const notifications = {
  list: (query: { unread?: number; after?: number; limit: number }) =>
    body(api.GET("/api/notifications", { params: { query } })) as Promise<NotificationPage>,
  read: (what: { ids: number[] } | { all: true }) =>
    body(api.POST("/api/notifications/read", { body: { all: false, ...what } })),
};

const inProject = (project_id: number) => ({ params: { path: { project_id } } });
const inWebhook = (project_id: number, webhook_id: number) => ({
  params: { path: { project_id, webhook_id } },
});

export const webhooks = {
  list: (project: number) => body(api.GET("/api/projects/{project_id}/webhooks", inProject(project))),
  create: (project: number, draft: { url: string; kinds: string[] }) =>
    body(api.POST("/api/projects/{project_id}/webhooks", { ...inProject(project), body: draft })),
  update: (project: number, webhook: number, change: WebhookChange) =>
    body(
      api.PATCH("/api/projects/{project_id}/webhooks/{webhook_id}", {
        ...inWebhook(project, webhook),
        body: change,
      }),
    ),
  remove: (project: number, webhook: number) =>
    body(api.DELETE("/api/projects/{project_id}/webhooks/{webhook_id}", inWebhook(project, webhook))),
  renewSecret: (project: number, webhook: number) =>
    body(api.POST("/api/projects/{project_id}/webhooks/{webhook_id}/secret", inWebhook(project, webhook))),
  test: (project: number, webhook: number) =>
    body(api.POST("/api/projects/{project_id}/webhooks/{webhook_id}/test", inWebhook(project, webhook))),
  deliveries: (project_id: number, webhook_id: number, after?: number) =>
    body(
      api.GET("/api/projects/{project_id}/webhooks/{webhook_id}/deliveries", {
        params: { path: { project_id, webhook_id }, query: { after } },
      }),
    ),
  retry: (project_id: number, delivery_id: number) =>
    body(
      api.POST("/api/projects/{project_id}/deliveries/{delivery_id}/retry", {
        params: { path: { project_id, delivery_id } },
      }),
    ),
};

const firstPage = undefined as number | undefined;
const following = (page: { next: number | null }) => page.next ?? undefined;
const often = { refetchInterval: 30_000 };

/** The newest notifications and how many are not read; asked for again and again, wherever one is. */
export const useNews = () =>
  useQuery({
    queryKey: [...keys.notifications(), "newest"],
    queryFn: () => notifications.list({ limit: 12 }),
    ...often,
  });
export const useNotifications = (unread: boolean) =>
  useInfiniteQuery({
    queryKey: [...keys.notifications(), "list", unread],
    queryFn: ({ pageParam }) =>
      notifications.list({ unread: unread ? 1 : undefined, after: pageParam, limit: 30 }),
    initialPageParam: firstPage,
    getNextPageParam: following,
    ...often,
  });
export const useWebhooks = (p: number, enabled: boolean) =>
  useQuery({ queryKey: keys.webhooks(p), queryFn: () => webhooks.list(p), enabled });
/** What was sent to a webhook; watched while the log is open. */
export const useDeliveries = (p: number, webhook: number) =>
  useInfiniteQuery({
    queryKey: [...keys.deliveries(p), webhook],
    queryFn: ({ pageParam }) => webhooks.deliveries(p, webhook, pageParam),
    initialPageParam: firstPage,
    getNextPageParam: following,
    refetchInterval: 3_000,
  });
