import { Cpu } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useEvents } from "../../api/queries";
import type { ProjectEvent } from "../../api/types";
import { Card } from "../../components/Page";
import { ago, count, duration, percent } from "../../messages/i18n";
import styles from "./home.module.css";

const counted = new Set(["labelled", "undone", "page_verified", "page_undone"]);

/** Runs of the same doing by the same person become one line: "labelled 24". */
export function foldEvents(events: ProjectEvent[]): ProjectEvent[] {
  const lines: ProjectEvent[] = [];
  for (const event of events) {
    const last = lines.at(-1);
    const same = last && last.kind === event.kind && last.actor?.id === event.actor?.id;
    if (last && same && counted.has(event.kind)) {
      const sum = Number(last.data?.count ?? 1) + Number(event.data?.count ?? 1);
      lines[lines.length - 1] = { ...last, data: { ...last.data, count: sum } };
    } else lines.push(event);
  }
  return lines;
}

function initials(name: string): string {
  const parts = name.trim().split(/\s+/);
  return (parts.length > 1 ? `${parts[0]?.[0]}${parts[1]?.[0]}` : name.slice(0, 2)).toUpperCase();
}

const plain = [
  "project_changed",
  "classes_changed",
  "member_changed",
  "focus_set",
  "focus_cleared",
  "import_started",
  "import_undone",
  "labelled",
  "undone",
  "page_verified",
  "page_undone",
  "holdout_added",
  "holdout_dropped",
  "reserve_released",
] as const;
type Plain = (typeof plain)[number];

type Data = Record<string, unknown>;

const number = (value: unknown) => count(Number(value ?? 0));

/** The words for an event, or null for one that only machines care about. */
function useWords(): (event: ProjectEvent) => string | null {
  const { t } = useTranslation();
  const special: Record<string, (data: Data) => string | null> = {
    refreshed: (data) => {
      const head = String(data.head);
      if (!data.head) return t("activity.round", { round: number(data.round) });
      if (typeof data.accuracy !== "number") return t("activity.headInUse", { head });
      return t("activity.headAccuracy", { head, accuracy: percent(data.accuracy, 1) });
    },
    import_finished: ({ state, imported }) =>
      state === "done"
        ? t("activity.imported", { count: Number(imported), number: number(imported) })
        : t("activity.importEnded"),
    retracted: (data) =>
      t("activity.retracted", { number: number(data.undone), author: String(data.author) }),
    run_requested: (data) => t("activity.run_requested", { number: number(data.number) }),
    run_finished: (data) => t("activity.run_finished", { number: number(data.number) }),
    run_failed: (data) => t("activity.run_failed", { number: number(data.number) }),
    model_made: ({ name, accuracy }) =>
      typeof accuracy === "number"
        ? t("activity.modelTested", { name: String(name), accuracy: percent(accuracy, 1) })
        : t("activity.model_made", { name: String(name) }),
    model_promoted: (data) => t("activity.model_promoted", { name: String(data.name) }),
    model_rolled_back: (data) => t("activity.model_rolled_back", { name: String(data.name) }),
    schedule_changed: (data) => t("activity.schedule_changed", { name: String(data.name) }),
    snapshot_made: (data) => t("activity.snapshot_made", { name: String(data.name) }),
    snapshot_archived: (data) => t("activity.snapshot_archived", { name: String(data.name) }),
    snapshot_restored: (data) => t("activity.snapshot_restored", { name: String(data.name) }),
    export_made: (data) => t("activity.export_made", { name: String(data.filename) }),
    duplicates_split: () => t("activity.duplicates_split"),
    job_finished: ({ state }) => (state === "failed" ? t("activity.jobFailed") : null),
  };
  return ({ kind, data = {} }) => {
    const known = special[kind];
    if (known) return known(data);
    const told = (plain as readonly string[]).includes(kind);
    return told ? t(`activity.${kind as Plain}`, { number: number(data.count) }) : null;
  };
}

function Line({ event, words }: { event: ProjectEvent; words: string }) {
  const { t } = useTranslation();
  const seconds = ago(event.created_at);
  return (
    <li className={styles.event}>
      <span className={styles.who} aria-hidden>
        {event.actor ? initials(event.actor.name) : <Cpu size={12} strokeWidth={1.5} />}
      </span>
      <span className={styles.what}>
        {event.actor && <b>{event.actor.name} </b>}
        {words}
      </span>
      <time dateTime={event.created_at}>{seconds < 60 ? t("activity.now") : duration(seconds)}</time>
    </li>
  );
}

export function ActivityCard({ project }: { project: number }) {
  const { t } = useTranslation();
  const { data } = useEvents(project);
  const words = useWords();
  const told = (data?.results ?? []).filter((event) => words(event) !== null);
  const lines = foldEvents(told);
  return (
    <Card title={t("home.activity")}>
      {data && lines.length === 0 && <p className={styles.quiet}>{t("activity.none")}</p>}
      <ul>
        {lines.slice(0, 7).map((event) => (
          <Line key={event.seq} event={event} words={words(event) ?? ""} />
        ))}
      </ul>
    </Card>
  );
}
