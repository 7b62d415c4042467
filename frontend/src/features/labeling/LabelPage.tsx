import { Images } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useClasses, useMe, useOverview } from "../../api/queries";
import type { LabelClass, Overview, Project } from "../../api/types";
import { LookAlikes } from "../../components/LookAlikes";
import { Progress } from "../../components/Progress";
import { TopBar } from "../../components/TopBar";
import { useNarrow } from "../../components/useNarrow";
import { useProjectContext } from "../../components/useProjectContext";
import { count } from "../../messages/i18n";
import { DeskButton } from "./DeskButton";
import type { DeskController } from "./desk";
import { Filmstrip } from "./Filmstrip";
import { FlagDialog } from "./FlagDialog";
import { GuideDialog } from "./GuideDialog";
import styles from "./labelpage.module.css";
import { MobileActions, MobileBar } from "./MobileDesk";
import { NothingAhead } from "./NothingAhead";
import { Panel } from "./Panel";
import { Stage } from "./Stage";
import { StatusBar } from "./StatusBar";
import { useDesk, useDeskView } from "./useDesk";
import { useLabelCommands } from "./useLabelCommands";

function RoundNote({ overview }: { overview: Overview | undefined }) {
  const { t } = useTranslation();
  const round = overview?.round;
  if (!round) return null;
  return (
    <span className={styles.round}>
      <b>{t("home.round", { number: round.number })}</b>
      <span className={styles.roundBar}>
        <Progress value={round.done / round.size} label={t("label.roundProgress")} tone="plain" />
      </span>
      {t("jobs.doneOf", { done: count(round.done), total: count(round.size) })}
    </span>
  );
}

function ZoomSwitch({ actual, onChange }: { actual: boolean; onChange: (actual: boolean) => void }) {
  const { t } = useTranslation();
  return (
    <span className={styles.zoom}>
      <button type="button" aria-pressed={!actual} onClick={() => onChange(false)}>
        {t("label.fit")}
      </button>
      <button type="button" aria-pressed={actual} onClick={() => onChange(true)}>
        1:1
      </button>
    </span>
  );
}

function SimilarButton({ onClick }: { onClick: () => void }) {
  const { t } = useTranslation();
  return (
    <DeskButton className={styles.similar} onClick={onClick}>
      <Images size={16} strokeWidth={1.5} aria-hidden /> {t("similar.command")} <kbd aria-hidden>.</kbd>
    </DeskButton>
  );
}

interface DeskProps {
  project: Project;
  desk: DeskController;
  classes: LabelClass[];
  classOf: (id: number | null) => LabelClass | undefined;
}

/** Today's labels: what the server had counted when the page opened, plus what was said since. */
function useToday(overview: Overview | undefined, given: number): number {
  const base = useRef<number | null>(null);
  if (base.current === null && overview) base.current = overview.today.mine - given;
  return (base.current ?? 0) + given;
}

/** What an older head suggested is exchanged, behind the current picture, once for every new head. */
function useOnNewHead(overview: Overview | undefined, desk: DeskController, loading: boolean): void {
  const name = overview?.head?.name;
  useEffect(() => {
    if (name && !loading) void desk.renew(name);
  }, [name, desk, loading]);
}

function DeskPage({ project, desk, classes, classOf }: DeskProps) {
  const { t } = useTranslation();
  const { data: overview } = useOverview(project.id);
  const { view, queue } = useDeskView(desk);
  const [actual, setActual] = useState(false);
  const [open, setOpen] = useState<"flag" | "guide" | "similar" | null>(null);
  const search = useRef<HTMLInputElement>(null);
  const narrow = useNarrow();
  const task = view.ahead[0];
  const mayCompare = task !== undefined && !task.blind; // the labels of look-alikes would be a hint
  const today = useToday(overview, view.given);

  const close = useCallback(() => setOpen(null), []);
  const flag = useCallback(() => setOpen("flag"), []);
  const guide = useCallback(() => setOpen("guide"), []);
  const similar = useCallback(() => setOpen("similar"), []);
  const zoom = useCallback(() => setActual((old) => !old), []);
  useLabelCommands(desk, classes, { flag, guide, zoom, similar, search });

  const head = overview?.head?.name;
  const empty = view.ahead.length === 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new head or round may have brought new pictures
  useEffect(() => {
    if (empty) void desk.refill();
  }, [head, overview?.round?.number, empty, desk]);

  useOnNewHead(overview, desk, view.loading);

  const parts = { desk, classes, classOf, onFlag: flag, search };
  return (
    <div className={styles.page}>
      {narrow ? (
        <MobileBar
          project={project}
          overview={overview}
          onFlag={flag}
          onGuide={guide}
          onSimilar={mayCompare ? similar : undefined}
        />
      ) : (
        <TopBar title={t("nav.label")} note={<RoundNote overview={overview} />}>
          {mayCompare && <SimilarButton onClick={similar} />}
          <ZoomSwitch actual={actual} onChange={setActual} />
        </TopBar>
      )}
      {task ? (
        <main className={styles.desk}>
          <div className={styles.left}>
            <Stage task={task} pictures={desk.pictures} actual={actual} />
            {!narrow && <Filmstrip desk={desk} view={view} classOf={classOf} />}
          </div>
          {narrow ? <MobileActions task={task} {...parts} /> : <Panel task={task} {...parts} />}
        </main>
      ) : (
        <main className={styles.desk}>
          <NothingAhead project={project} desk={desk} view={view} />
        </main>
      )}
      {!narrow && <StatusBar view={view} queue={queue} overview={overview} today={today} />}
      {open === "guide" && (
        <GuideDialog instructions={project.instructions} classes={classes} onClose={close} />
      )}
      {open === "similar" && task && (
        <LookAlikes
          project={project}
          of={{ id: task.image.id, name: task.image.name, thumb: task.image.urls.thumb }}
          onClose={close}
        />
      )}
      {open === "flag" && task && (
        <FlagDialog
          onClose={close}
          onFlag={(comment) => {
            close();
            desk.setVerdict("flag", comment);
          }}
        />
      )}
    </div>
  );
}

const noClasses: LabelClass[] = [];

export function LabelPage() {
  const project = useProjectContext();
  const { data: me } = useMe();
  const { data: all = noClasses } = useClasses(project.id);
  const classes = useMemo(() => all.filter((one) => !one.archived), [all]);
  const byId = useRef(new Map<number, LabelClass>());
  byId.current = useMemo(() => new Map(all.map((one) => [one.id, one])), [all]);
  const classOf = useCallback((id: number | null) => (id === null ? undefined : byId.current.get(id)), []);
  // A session that ends keeps its desk: after signing in again the work goes on.
  const [user, setUser] = useState(me?.user?.id);
  const now = me?.user?.id;
  useEffect(() => {
    if (now !== undefined) setUser(now);
  }, [now]);
  const desk = useDesk(project.id, user, classOf);
  if (!desk) return null;
  return <DeskPage key={user} project={project} desk={desk} classes={classes} classOf={classOf} />;
}
