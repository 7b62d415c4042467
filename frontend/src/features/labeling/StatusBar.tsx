import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useOverview } from "../../api/queries";
import type { HeadBrief, Overview } from "../../api/types";
import { Ring } from "../../components/Progress";
import { count, percent } from "../../messages/i18n";
import type { DeskController } from "./desk";
import { pace } from "./session";
import styles from "./statusbar.module.css";
import { ThreadNews } from "./ThreadNews";
import { useAfterPaint } from "./useDesk";

/** Says for three seconds that a new head is in use. */
function useFresh(name: string | undefined): boolean {
  const before = useRef(name);
  const [fresh, setFresh] = useState(false);
  useEffect(() => {
    if (!name || before.current === name) return;
    const first = before.current === undefined;
    before.current = name;
    if (first) return;
    setFresh(true);
    const timer = setTimeout(() => setFresh(false), 3_000);
    return () => clearTimeout(timer);
  }, [name]);
  return fresh;
}

function Accuracy({ head }: { head: HeadBrief }) {
  const { t } = useTranslation();
  if (head.accuracy === null) return <>{t("label.noTest")}</>;
  const half = head.low !== null && head.high !== null ? ((head.high - head.low) / 2) * 100 : null;
  const interval =
    head.low !== null && head.high !== null
      ? `${percent(head.low, 1)} – ${percent(head.high, 1)}`
      : undefined;
  return (
    <span title={interval}>
      {t(head.micro_f1 === null ? "label.test" : "label.testSets")} <b>{percent(head.accuracy, 1)}</b>
      {half !== null && ` ± ${half.toFixed(1)}`},{" "}
      {t("label.testSize", { count: head.test_size, number: count(head.test_size) })}
    </span>
  );
}

/** Never late: who sees "Saved" may close the page. */
function Saved({ desk }: { desk: DeskController }) {
  const { t } = useTranslation();
  const queue = useSyncExternalStore(desk.queue.subscribe, desk.queue.read);
  const words = {
    saved: t("status.saved"),
    saving: t("status.saving", { count: queue.pending }),
    unreachable: t("status.offlineKept", { count: queue.pending }),
    "signed-out": t("status.signedOut", { count: queue.pending }),
    refused: t("status.refused", { count: queue.pending }),
  };
  return (
    <span className={styles.saved} data-state={queue.state}>
      {words[queue.state]}
    </span>
  );
}

/** Today's labels: what the server had counted when the page opened, plus what was said since. */
function useToday(overview: Overview | undefined, given: number): number {
  const base = useRef<number | null>(null);
  if (base.current === null && overview) base.current = overview.today.mine - given;
  return (base.current ?? 0) + given;
}

/** The quiet line at the bottom: nothing to do, everything to know. */
export function StatusBar({ desk, project }: { desk: DeskController; project: number }) {
  const { t } = useTranslation();
  const { data: overview } = useOverview(project);
  const { times, given } = useAfterPaint(desk.subscribe, desk.read);
  const queue = useAfterPaint(desk.queue.subscribe, desk.queue.read);
  const today = useToday(overview, given);
  const head = overview?.head;
  const fresh = useFresh(head?.name);
  const speed = pace(times, Date.now());
  const left = overview ? Math.max(0, overview.next_refresh_in - queue.pendingLabels) : null;
  const every = overview?.refresh_every ?? 1;
  const refreshing = overview?.jobs.some((job) => job.kind === "head_refresh");
  return (
    <footer className={styles.bar} data-testid="label-status">
      <Saved desk={desk} />
      {!queue.durable && (
        <span className={styles.warn} role="status" data-testid="not-kept">
          {t("status.notKept")}
        </span>
      )}
      <span className={styles.today}>
        <b data-testid="count-today">{count(today)}</b> {t("label.today")}
      </span>
      {speed !== null && (
        <span>
          <b>{count(Math.round(speed))}</b> {t("label.aMinute")}
        </span>
      )}
      <ThreadNews project={project} />
      <span className={styles.gap} />
      {head ? (
        <>
          <span data-testid="head-version" data-fresh={fresh || undefined} className={styles.head}>
            {fresh ? t("label.headNow", { name: head.name }) : head.name}
          </span>
          <span data-testid="test-accuracy" className={styles.accuracy}>
            {/* New words for a new head, rather than old ones that move. */}
            <Accuracy key={`${head.name}.${head.test_size}`} head={head} />
          </span>
        </>
      ) : (
        <span data-testid="head-version">{t("label.noHead")}</span>
      )}
      <span className={styles.next}>
        {left !== null && (
          <>
            <Ring value={refreshing ? 1 : 1 - left / every} />
            {refreshing ? t("label.refreshing") : t("label.refreshIn", { count: left, number: count(left) })}
          </>
        )}
      </span>
    </footer>
  );
}
