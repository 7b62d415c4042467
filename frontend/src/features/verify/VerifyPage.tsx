import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useClasses, useMe, useOverview } from "../../api/queries";
import type { LabelClass, Project } from "../../api/types";
import { type Labelled, useVerifyOverview, type VerifyOverview } from "../../api/verify";
import { Failure } from "../../components/Page";
import { Progress } from "../../components/Progress";
import { Segmented } from "../../components/Segmented";
import { TopBar } from "../../components/TopBar";
import { useNarrow } from "../../components/useNarrow";
import { useProjectContext } from "../../components/useProjectContext";
import { count } from "../../messages/i18n";
import { Closer } from "./Closer";
import { ConfirmBar } from "./ConfirmBar";
import { leaves } from "./classes";
import type { DeskView, VerifyDesk } from "./desk";
import { MissesDialog, PicturesDialog } from "./dialogs";
import { ExceptionPopover } from "./ExceptionPopover";
import { NothingToVerify } from "./NothingToVerify";
import { PageGrid } from "./PageGrid";
import { labelOf, numberOf } from "./pages";
import { Question } from "./Question";
import { StatusLine } from "./StatusLine";
import { asSize, neighbourClass, type Settings, sizeStep, useSettings } from "./settings";
import { useVerifyCommands, type VerifyActions } from "./useVerifyCommands";
import { useVerifyDesk, useVerifyView } from "./useVerifyDesk";
import styles from "./verify.module.css";

type ClassOf = (id: number | null) => LabelClass | undefined;

/** "Page 4 of 20": those confirmed since the session began, and those that wait. */
function PageCount({ desk, view }: { desk: VerifyDesk; view: DeskView }) {
  const { t } = useTranslation();
  const { page } = desk;
  if (!page?.size) return null;
  const number = numberOf(view, page);
  const total = number - 1 + view.ahead.length + Math.ceil(view.waiting / page.size);
  return (
    <span className={styles.count} data-testid="verify-count">
      {t("verify.pageOf", { number: count(number), total: count(total) })}
      <span className={styles.countBar}>
        <Progress value={(number - 1) / total} label={t("verify.progress")} tone="plain" />
      </span>
    </span>
  );
}

function Waiting({ overview }: { overview: VerifyOverview }) {
  const { t } = useTranslation();
  const some = overview.classes.filter((one) => one.waiting > 0);
  const pictures = some.reduce((sum, one) => sum + one.waiting, 0);
  return (
    <span className={styles.allWaiting}>
      {t("verify.waiting", { count: pictures, number: count(pictures) })}{" "}
      {t("verify.inClasses", { count: some.length, number: count(some.length) })}
    </span>
  );
}

function Head({
  desk,
  view,
  overview,
  settings,
  narrow,
}: Omit<RoomProps, "project" | "classes" | "classOf"> & { view: DeskView; narrow: boolean }) {
  const { t } = useTranslation();
  return (
    <TopBar
      title={t("verify.title")}
      note={
        <span className={styles.note}>
          <Segmented
            label={t("verify.modeTitle")}
            choices={[
              ["class", t("verify.byClass")],
              ["cluster", t("verify.byCluster")],
            ]}
            value={settings.wanted.mode}
            onChange={(mode) => settings.change({ mode })}
          />
          {!narrow && <PageCount desk={desk} view={view} />}
        </span>
      }
    >
      {!narrow && <Waiting overview={overview} />}
    </TopBar>
  );
}

/** A picture is looked at more closely while Space is held, or until it is pressed again. */
function useCloser() {
  const [held, setHeld] = useState(false);
  const [pinned, setPinned] = useState(false);
  const pin = useCallback(() => setPinned((old) => !old), []);
  const close = useCallback(() => setPinned(false), []);
  return { open: held || pinned, hold: setHeld, pin, close };
}

type Open = "misses" | { title: string; text: string; pictures: Labelled[] } | null;

interface RoomProps {
  project: Project;
  desk: VerifyDesk;
  overview: VerifyOverview;
  settings: Settings;
  classes: LabelClass[];
  classOf: ClassOf;
}

function useActions(
  { desk, overview, settings }: RoomProps,
  columns: React.RefObject<number>,
  closer: ReturnType<typeof useCloser>,
  searching: { on: boolean; set: (on: boolean) => void },
  showMisses: () => void,
): VerifyActions {
  const { wanted, change } = settings;
  const closerOpen = useRef(false);
  closerOpen.current = closer.open;
  const { hold, pin, close } = closer;
  const { set } = searching;
  return useMemo(
    () => ({
      columns: () => columns.current,
      search: () => {
        const { asking, focused } = desk.read();
        const image = desk.page?.pictures[focused]?.image.id;
        if (!asking.length && image !== undefined) desk.step({ do: "ask", images: [image] });
        set(true);
      },
      holdCloser: hold,
      pinCloser: pin,
      covered: () => closerOpen.current || desk.read().asking.length > 0 || desk.read().group !== null,
      leave: () => {
        if (desk.read().asking.length || desk.read().group !== null) desk.step({ do: "close" });
        else close();
      },
      otherClass: (step) => {
        const next = neighbourClass(overview, wanted.class, step);
        if (wanted.mode === "class" && next !== null && next !== wanted.class) change({ class: next });
      },
      otherSize: (step) => {
        const now = wanted.size ?? desk.page?.size ?? overview.size;
        change({ size: asSize(now + step * sizeStep) });
      },
      order: () => change({ order: wanted.order === "confident" ? "unsure" : "confident" }),
      mode: () => change({ mode: wanted.mode === "class" ? "cluster" : "class" }),
      misses: showMisses,
    }),
    [desk, overview, wanted, change, columns, hold, pin, close, set, showMisses],
  );
}

function Room(props: RoomProps) {
  const { project, desk, overview, settings, classes, classOf } = props;
  const { t } = useTranslation();
  const { view, sender } = useVerifyView(desk);
  const narrow = useNarrow();
  const { data: project_ } = useOverview(project.id);
  const [open, setOpen] = useState<Open>(null);
  const [searching, setSearching] = useState(false);
  const closer = useCloser();
  const columns = useRef(1);
  const showMisses = useCallback(() => setOpen("misses"), []);
  const actions = useActions(props, columns, closer, { on: searching, set: setSearching }, showMisses);
  useVerifyCommands(desk, classes, actions);

  const { wanted } = settings;
  const wantsFocus = useRef(true);
  useEffect(() => {
    // What was pressed for other pages has done its work: Enter is for the page that comes.
    wantsFocus.current = true;
    desk.want(wanted);
  }, [desk, wanted]);
  const head = project_?.head?.name;
  const empty = view.ahead.length === 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new head may have brought new suggestions
  useEffect(() => {
    if (empty) void desk.refill();
  }, [head, empty, desk]);
  const asks = view.asking.length > 0;
  useEffect(() => {
    if (!asks) setSearching(false);
  }, [asks]);

  const { page } = desk;
  const label = page ? labelOf(view, page) : null;
  const missed = view.saved?.reply.gold.shown ?? [];
  return (
    <div className={styles.page} data-testid="verify-page">
      <Head {...props} view={view} narrow={narrow} />
      <main className={styles.main}>
        <Question
          overview={overview}
          settings={settings}
          page={page}
          inHand={view.ahead.reduce((sum, one) => sum + one.pictures.length, 0)}
          several={project.label_mode === "multi"}
          label={label}
          classes={leaves(classes)}
          classOf={classOf}
          onLabelPage={(id) => desk.step({ do: "label-page", label: id })}
        />
        <div className={styles.room}>
          {page || (view.loading && !view.error) ? (
            <PageGrid
              desk={desk}
              view={view}
              narrow={narrow}
              classOf={classOf}
              wantsFocus={wantsFocus}
              nominal={wanted.size ?? page?.size ?? overview.size}
            >
              {(grid, room, scroll) => {
                columns.current = grid.columns;
                return (
                  <>
                    {closer.open && (
                      <Closer desk={desk} view={view} classOf={classOf} onClose={closer.close} />
                    )}
                    {asks && (
                      <ExceptionPopover
                        {...{ desk, view, classes, classOf, grid, room, scroll, searching }}
                        sheet={narrow}
                        onSearch={setSearching}
                        onCloser={closer.pin}
                      />
                    )}
                  </>
                );
              }}
            </PageGrid>
          ) : (
            <NothingToVerify {...{ project, desk, view, overview, settings, classOf }} />
          )}
        </div>
        <ConfirmBar desk={desk} view={view} classOf={classOf} />
      </main>
      <StatusLine
        overview={overview}
        view={view}
        sender={sender}
        narrow={narrow}
        onMisses={showMisses}
        onGold={() =>
          setOpen({ title: t("verify.missedTitle"), text: t("verify.missedText"), pictures: missed })
        }
      />
      {open === "misses" && (
        <MissesDialog project={project.id} classOf={classOf} onClose={() => setOpen(null)} />
      )}
      {open !== null && open !== "misses" && (
        <PicturesDialog {...open} classOf={classOf} onClose={() => setOpen(null)} />
      )}
    </div>
  );
}

/** The desk lives as long as the page: the class, the order and the size change under it. */
function WithOverview(props: Omit<RoomProps, "settings" | "desk"> & { user: number }) {
  const { project, overview, user, classOf } = props;
  const { t } = useTranslation();
  const settings = useSettings(project.id, overview);
  const [conflicts, setConflicts] = useState<Labelled[] | null>(null);
  const desk = useVerifyDesk(project.id, user, setConflicts);
  if (!desk) return null;
  return (
    <>
      <Room {...props} desk={desk} settings={settings} />
      {conflicts && (
        <PicturesDialog
          title={t("verify.conflictsTitle")}
          text={t("verify.conflictsText")}
          pictures={conflicts}
          classOf={classOf}
          onClose={() => setConflicts(null)}
        />
      )}
    </>
  );
}

const noClasses: LabelClass[] = [];

export function VerifyPage() {
  const project = useProjectContext();
  const { t } = useTranslation();
  const { data: me } = useMe();
  const { data: all = noClasses } = useClasses(project.id);
  const { data: overview, error, refetch } = useVerifyOverview(project.id);
  const classes = useMemo(() => all.filter((one) => !one.archived), [all]);
  const byId = useRef(new Map<number, LabelClass>());
  byId.current = useMemo(() => new Map(all.map((one) => [one.id, one])), [all]);
  const classOf = useCallback<ClassOf>((id) => (id === null ? undefined : byId.current.get(id)), []);
  // A session that ends keeps its desk: after signing in again the work goes on.
  const [user, setUser] = useState(me?.user?.id);
  const now = me?.user?.id;
  useEffect(() => {
    if (now !== undefined) setUser(now);
  }, [now]);
  if (!overview || user === undefined)
    return (
      <div className={styles.page} data-testid="verify-page">
        <TopBar title={t("verify.title")} />
        <main className={styles.main} aria-busy={!error}>
          <div className={styles.question} />
          <div className={styles.nothing}>
            {error && <Failure error={error} retry={() => void refetch()} />}
          </div>
          <div className={styles.below} />
        </main>
      </div>
    );
  return <WithOverview key={user} {...{ project, overview, user, classes, classOf }} />;
}
