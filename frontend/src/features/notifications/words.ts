/** What a notification says, where it leads, and whether it is good or bad news. */
import type { TFunction } from "i18next";
import type { Notification } from "../../api/events";
import { count, percent } from "../../messages/i18n";

export type Tone = "good" | "bad" | "plain";

const text = (value: unknown) => (typeof value === "string" ? value : "");
const whole = (value: unknown) => count(Number(value ?? 0));
const roles = ["viewer", "annotator", "reviewer", "lead"] as const;

/** The page of the thing that a notification tells of. */
export function linkOf({ kind, data, project }: Pick<Notification, "kind" | "data" | "project">): string {
  const base = `/projects/${project.id}`;
  const paths: Record<string, string> = {
    import_finished: `/imports/${data.batch}`,
    job_failed: "/jobs",
    run_finished: `/training/${data.run}`,
    run_failed: `/training/${data.run}`,
    balance_reported: `/training/${data.run}`,
    model_made: `/models/${data.model}`,
    model_promoted: `/models/${data.model}`,
    model_rolled_back: `/models/${data.model}`,
    snapshot_made: `/snapshots/${data.snapshot}`,
    export_made: "/exports",
    schedule_fired: "/schedules",
    webhook_disabled: "/settings/webhooks",
    case_opened: `/review?case=${data.case}`,
    case_answered: `/review?case=${data.case}`,
    case_resolved: `/review?case=${data.case}`,
  };
  return base + (paths[kind] ?? "");
}

const bad = new Set(["job_failed", "run_failed", "webhook_disabled", "balance_reported", "schedule_fired"]);

export function toneOf({ kind, data }: Pick<Notification, "kind" | "data">): Tone {
  if (bad.has(kind)) return "bad";
  if (kind === "model_made" && data.state === "rejected") return "bad";
  if (kind === "import_finished" && data.state !== "done") return "plain";
  return kind === "member_changed" || kind.startsWith("case_") ? "plain" : "good";
}

function aboutModel(t: TFunction, kind: string, data: Notification["data"]): string {
  const name = text(data.name);
  if (kind === "model_promoted") return t("notifications.modelPromoted", { name });
  if (kind === "model_rolled_back") return t("notifications.modelRolledBack", { name });
  if (data.state !== "rejected") {
    if (typeof data.accuracy !== "number") return t("notifications.modelMade", { name });
    return t("notifications.modelMadeAccuracy", { name, accuracy: percent(data.accuracy, 1) });
  }
  const reason = Array.isArray(data.reasons) ? text(data.reasons[0]) : "";
  return reason
    ? t("notifications.modelRejectedWhy", { name, reason })
    : t("notifications.modelRejected", { name });
}

function aboutImport(t: TFunction, data: Notification["data"]): string {
  const name = text(data.name) || `#${data.batch}`;
  if (data.state !== "done") return t("notifications.importCancelled", { name });
  return t("notifications.importDone", {
    name,
    count: Number(data.imported ?? 0),
    number: whole(data.imported),
  });
}

function aboutCase(t: TFunction, kind: string, data: Notification["data"]): string {
  const flag = data.case_kind === "flag";
  if (kind === "case_resolved") return t("notifications.caseResolved");
  if (kind === "case_opened") return flag ? t("notifications.flagged") : t("notifications.votersDisagree");
  return data.state === "sent_back" ? t("notifications.caseSentBack") : t("notifications.caseAnswered");
}

/** The sentence of a notification. */
export function wordsOf(t: TFunction, { kind, data }: Pick<Notification, "kind" | "data">): string {
  const number = whole(data.number);
  const message = text(data.message);
  switch (kind) {
    case "import_finished":
      return aboutImport(t, data);
    case "job_failed":
      return t("notifications.jobFailed", { title: text(data.title) || text(data.job_kind), message });
    case "run_finished":
      return t("notifications.runFinished", { number });
    case "run_failed":
      return t("notifications.runFailed", { number, message });
    case "balance_reported":
      return t("notifications.unbalanced", { number, ratio: whole(data.imbalance_ratio) });
    case "model_made":
    case "model_promoted":
    case "model_rolled_back":
      return aboutModel(t, kind, data);
    case "case_opened":
    case "case_answered":
    case "case_resolved":
      return aboutCase(t, kind, data);
    case "snapshot_made":
      return t("notifications.snapshotMade", { name: text(data.name), number: whole(data.rows) });
    case "export_made":
      return t("notifications.exportMade", { name: text(data.filename) });
    case "schedule_fired":
      return t("notifications.scheduleSkipped", { name: text(data.name) });
    case "webhook_disabled":
      return t("notifications.webhookDisabled", { host: text(data.host), days: whole(data.days) });
    case "member_changed": {
      const role = roles.find((one) => one === data.role);
      return role ? t("notifications.newRole", { role: t(`roles.${role}`) }) : t("notifications.other");
    }
    default:
      return t("notifications.other");
  }
}
