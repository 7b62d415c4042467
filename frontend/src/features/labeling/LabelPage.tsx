import { memo, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useClasses, useMe, useOverview } from "../../api/queries";
import type { LabelClass, Task } from "../../api/types";
import { registry } from "../../commands/registry";
import { FocusChip } from "../../components/FocusChip";
import { Progress } from "../../components/Progress";
import { TopBar } from "../../components/TopBar";
import { useNarrow } from "../../components/useNarrow";
import { useProjectContext } from "../../components/useProjectContext";
import { count } from "../../messages/i18n";
import type { DeskController } from "./desk";
import { EarlierNote } from "./EarlierNote";
import { Filmstrip } from "./Filmstrip";
import { GuidePeek, meantClass } from "./GuidePeek";
import styles from "./labelpage.module.css";
import { MobileActions, MobileBar } from "./MobileDesk";
import { NothingAhead } from "./NothingAhead";
import { type DeskProps, type Opened, Over } from "./Over";
import { Panel } from "./Panel";
import { Stage, type SwipeActions } from "./Stage";
import { StatusBar } from "./StatusBar";
import { useCurrent, useDesk, useWatch } from "./useDesk";
import { useLabelCommands } from "./useLabelCommands";
import { useRepoint } from "./useRepoint";
import { useViewCommands } from "./useViewCommands";
import { ViewerTools } from "./ViewerTools";
import { Viewer } from "./viewerState";

function RoundNote({ project }: { project: number }) {
  const { t } = useTranslation();
  const round = useOverview(project).data?.round;
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

interface BarProps {
  project: number;
  viewer: Viewer;
  onSimilar?: () => void;
}

/** The bar does not follow the pictures: it is rendered when what it offers changes. */
const DeskBar = memo(function DeskBar({ project, viewer, onSimilar }: BarProps) {
  const { t } = useTranslation();
  return (
    <TopBar title={t("nav.label")} note={<RoundNote project={project} />}>
      <FocusChip />
      <ViewerTools viewer={viewer} onSimilar={onSimilar} />
    </TopBar>
  );
});

/** Keeps the desk supplied: a new head or round may have brought new pictures. */
function Supply({ project, desk }: { project: number; desk: DeskController }) {
  const { data: overview } = useOverview(project);
  const loading = useWatch(desk, (view) => view.loading);
  const empty = useWatch(desk, (view) => view.ahead.length === 0);
  const head = overview?.head?.name;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new head or round may have brought new pictures
  useEffect(() => {
    if (empty) void desk.refill();
  }, [head, overview?.round?.number, empty, desk]);
  // What an older head suggested is exchanged, behind the current picture, once for every new head.
  useEffect(() => {
    if (head && !loading) void desk.renew(head);
  }, [head, desk, loading]);
  useRepoint(project, desk);
  return null;
}

/** Runs a command as its key would. */
function run(id: string): void {
  const command = registry.get(id);
  if (command && (command.when?.() ?? true)) command.run();
}

function useSwipes(narrow: boolean, task: Task | undefined, onAll: () => void): SwipeActions | undefined {
  const { t } = useTranslation();
  const suggested = Boolean(task?.suggestion);
  return useMemo(() => {
    if (!narrow) return undefined;
    return {
      ...(suggested && { right: { label: t("label.accept"), run: () => run("label.accept") } }),
      left: { label: t("label.skip"), run: () => run("label.skip") },
      up: { label: t("label.classGroup"), run: onAll },
      down: { label: t("label.undo"), run: () => run("label.undo") },
    };
  }, [narrow, suggested, onAll, t]);
}

function DeskPage(props: DeskProps) {
  const { project, desk, classes, classOf } = props;
  const task = useCurrent(desk);
  const [viewer] = useState(() => new Viewer());
  const [open, setOpen] = useState<Opened>(null);
  const search = useRef<HTMLInputElement>(null);
  const narrow = useNarrow();
  const mayCompare = task !== undefined && !task.blind; // the labels of look-alikes would be a hint

  const close = useCallback(() => setOpen(null), []);
  const flag = useCallback(() => setOpen("flag"), []);
  const [meant, setMeant] = useState<number | null>(null);
  const guide = useCallback(() => {
    setMeant(meantClass(desk.current));
    setOpen("guide");
  }, [desk]);
  const peek = useMemo(
    () => ({
      down: () => {
        setMeant(meantClass(desk.current));
        setOpen((old) => old ?? "peek");
      },
      up: () => setOpen((old) => (old === "peek" ? null : old)),
    }),
    [desk],
  );
  const similar = useCallback(() => setOpen("similar"), []);
  const all = useCallback(() => setOpen("classes"), []);
  const zoom = useCallback(() => viewer.toggle(), [viewer]);
  useLabelCommands(desk, classes, { flag, guide, peek, zoom, similar, search });
  useViewCommands(desk, viewer, project.id);
  const swipes = useSwipes(narrow, task, all);

  const onSimilar = mayCompare ? similar : undefined;
  const parts = { desk, classes, classOf, onFlag: flag, search };
  return (
    <div className={styles.page}>
      <Supply project={project.id} desk={desk} />
      {narrow ? (
        <MobileBar project={project} onFlag={flag} onGuide={guide} onSimilar={onSimilar} />
      ) : (
        <DeskBar project={project.id} viewer={viewer} onSimilar={onSimilar} />
      )}
      {task ? (
        <main className={styles.desk}>
          <div className={styles.left}>
            <div className={styles.middle}>
              <Stage task={task} pictures={desk.pictures} viewer={viewer} swipes={swipes} />
              <EarlierNote desk={desk} classOf={classOf} />
              {open === "peek" && <GuidePeek project={project} of={classOf(meant)} classOf={classOf} />}
            </div>
            {!narrow && <Filmstrip desk={desk} project={project.id} classOf={classOf} />}
          </div>
          {narrow ? (
            <MobileActions task={task} all={open === "classes"} onAll={all} onClose={close} {...parts} />
          ) : (
            <Panel task={task} project={project.id} {...parts} />
          )}
        </main>
      ) : (
        <main className={styles.desk}>
          <NothingAhead project={project} desk={desk} />
        </main>
      )}
      {!narrow && <StatusBar desk={desk} project={project.id} />}
      {open && <Over open={open} task={task} meant={meant} close={close} {...props} />}
    </div>
  );
}

const noClasses: LabelClass[] = [];

export function LabelPage() {
  const project = useProjectContext();
  const { data: me } = useMe();
  const { data } = useClasses(project.id);
  const all = data ?? noClasses;
  const classes = useMemo(() => all.filter((one) => !one.archived), [all]);
  const byId = useRef(new Map<number, LabelClass>());
  byId.current = useMemo(() => new Map(all.map((one) => [one.id, one])), [all]);
  // A new function whenever the classes change, so that what shows their names is rendered again.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  const classOf = useCallback((id: number | null) => (id === null ? undefined : byId.current.get(id)), [all]);
  // A session that ends keeps its desk: after signing in again the work goes on.
  const [user, setUser] = useState(me?.user?.id);
  const now = me?.user?.id;
  useEffect(() => {
    if (now !== undefined) setUser(now);
  }, [now]);
  const desk = useDesk(project.id, user, project.label_mode === "multi", classOf);
  if (!desk || !data) return null; // the panel has its final size from the first frame
  return <DeskPage key={user} project={project} desk={desk} classes={classes} classOf={classOf} />;
}
