import { Cpu } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useEvents } from "../../api/queries";
import type { ProjectEvent } from "../../api/types";
import { Card } from "../../components/Page";
import { ago, count, duration, percent } from "../../messages/i18n";
import styles from "./home.module.css";

const known = [
  "project_changed",
  "classes_changed",
  "member_changed",
  "import_started",
  "import_finished",
  "import_undone",
  "labelled",
  "undone",
  "refreshed",
  "job_finished",
  "holdout_added",
  "reserve_released",
] as const;
type Kind = (typeof known)[number];
const isKnown = (kind: string): kind is Kind => (known as readonly string[]).includes(kind);

/** Runs of the same doing by the same person become one line: "labelled 24". */
export function foldEvents(events: ProjectEvent[]): ProjectEvent[] {
  const lines: ProjectEvent[] = [];
  for (const event of events) {
    const last = lines.at(-1);
    const same = last && last.kind === event.kind && last.actor?.id === event.actor?.id;
    if (last && same && (event.kind === "labelled" || event.kind === "undone")) {
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

function Line({ event }: { event: ProjectEvent }) {
  const { t } = useTranslation();
  if (!isKnown(event.kind)) return null;
  const data = event.data ?? {};
  const { accuracy } = data;
  const words = t(`activity.${event.kind}`, {
    number: count(Number(data.count ?? data.imported ?? data.size ?? 1)),
    head: String(data.head ?? ""),
    accuracy: typeof accuracy === "number" ? percent(accuracy, 1) : "",
  });
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
  const lines = foldEvents(data?.results ?? []).filter((event) => isKnown(event.kind));
  return (
    <Card title={t("home.activity")}>
      {lines.length === 0 && <p className={styles.quiet}>{t("activity.none")}</p>}
      <ul>
        {lines.slice(0, 7).map((event) => (
          <Line key={event.seq} event={event} />
        ))}
      </ul>
    </Card>
  );
}
