import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CalendarClock, Pencil, Play, Plus, Tag, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Schedule } from "../../api/modeling";
import { schedules as api, useSchedules } from "../../api/modelingCalls";
import { keys } from "../../api/queries";
import { Button, IconButton } from "../../components/Button";
import { Confirm } from "../../components/Dialog";
import { Card, Failure, Placeholder } from "../../components/Page";
import { mayAs } from "../../components/roles";
import { Switch } from "../../components/Switch";
import { TopBar } from "../../components/TopBar";
import { showToast } from "../../components/toasts";
import { useProjectContext } from "../../components/useProjectContext";
import { count, dateTime } from "../../messages/i18n";
import { FiringsCard } from "./FiringsCard";
import { ScheduleDialog } from "./ScheduleDialog";
import styles from "./schedules.module.css";
import { useOutcomeText, useScheduleText } from "./useSaid";

function useScheduleActions(project: number) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const onSettled = () => {
    void client.invalidateQueries({ queryKey: keys.schedules(project) });
    void client.invalidateQueries({ queryKey: keys.firings(project) });
    void client.invalidateQueries({ queryKey: keys.runs(project) });
  };
  const enable = useMutation({
    mutationFn: ({ id, enabled }: { id: number; enabled: boolean }) => api.update(project, id, { enabled }),
    onSettled,
  });
  const fire = useMutation({
    mutationFn: (id: number) => api.fire(project, id),
    onSuccess: ({ run, outcome }) =>
      showToast(t(outcome === "joined" ? "training.joined" : "schedules.started", { number: run?.number }), {
        tone: "good",
      }),
    onSettled,
  });
  const remove = useMutation({ mutationFn: (id: number) => api.remove(project, id), onSettled });
  return { enable, fire, remove, error: enable.error ?? fire.error ?? remove.error };
}

type Actions = ReturnType<typeof useScheduleActions>;

function NextText({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation();
  if (!schedule.enabled) return t("schedules.off");
  if (schedule.next_due) return t("schedules.next", { when: dateTime(schedule.next_due) });
  const left = schedule.labels_left;
  return left === null ? "" : t("schedules.labelsLeft", { count: left, number: count(left) });
}

function RowButtons({
  schedule,
  actions,
  onEdit,
  onRemove,
}: {
  schedule: Schedule;
  actions: Actions;
  onEdit: () => void;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  return (
    <div className={styles.buttons}>
      <Button
        size="s"
        icon={<Play size={14} strokeWidth={1.5} aria-hidden />}
        disabled={actions.fire.isPending}
        onClick={() => actions.fire.mutate(schedule.id)}
      >
        {t("schedules.runNow")}
      </Button>
      <IconButton label={t("schedules.editOf", { name: schedule.name })} onClick={onEdit}>
        <Pencil size={16} strokeWidth={1.5} aria-hidden />
      </IconButton>
      <IconButton label={t("schedules.removeOf", { name: schedule.name })} onClick={onRemove}>
        <Trash2 size={16} strokeWidth={1.5} aria-hidden />
      </IconButton>
    </div>
  );
}

function Row({
  schedule,
  actions,
  leads,
  onEdit,
  onRemove,
}: {
  schedule: Schedule;
  actions: Actions;
  leads: boolean;
  onEdit: () => void;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  const project = useProjectContext();
  const text = useScheduleText();
  const outcome = useOutcomeText();
  const Icon = schedule.kind === "cron" ? CalendarClock : Tag;
  const { last } = schedule;
  return (
    <li className={styles.row} data-testid="schedule-row">
      <Icon size={18} strokeWidth={1.5} aria-hidden />
      <div className={styles.words}>
        <b>{schedule.name}</b>
        <span>
          {text(schedule)} · {t(`training.presets.${schedule.preset}`)}
        </span>
        <span className={styles.sub}>
          <NextText schedule={schedule} />
        </span>
        {last && (
          <span className={styles.sub}>
            {t("schedules.last", { when: dateTime(last.created_at) })}{" "}
            {last.run ? (
              <Link to={`/projects/${project.id}/training/${last.run.id}`}>{outcome(last)}</Link>
            ) : (
              outcome(last)
            )}
          </span>
        )}
      </div>
      <Switch
        label={t("schedules.enabledOf", { name: schedule.name })}
        on={schedule.enabled}
        disabled={!leads || actions.enable.isPending}
        onChange={(enabled) => actions.enable.mutate({ id: schedule.id, enabled })}
      />
      {leads && <RowButtons schedule={schedule} actions={actions} onEdit={onEdit} onRemove={onRemove} />}
    </li>
  );
}

function Empty({ leads, onNew }: { leads: boolean; onNew: () => void }) {
  const { t } = useTranslation();
  return (
    <Card title={t("schedules.emptyTitle")} className={styles.empty}>
      <p>{t("schedules.emptyText")}</p>
      {leads ? (
        <Button look="primary" onClick={onNew}>
          {t("schedules.new")}
        </Button>
      ) : (
        <p>{t("schedules.leadsOnly")}</p>
      )}
    </Card>
  );
}

export function SchedulesPage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const { data, error, refetch } = useSchedules(project.id);
  const actions = useScheduleActions(project.id);
  const [editing, setEditing] = useState<Schedule | "new" | null>(null);
  const [removing, setRemoving] = useState<Schedule | null>(null);
  const leads = mayAs(project.role, "lead");
  return (
    <>
      <TopBar
        title={
          <>
            <Link to={`/projects/${project.id}/training`} className={styles.crumb}>
              {t("training.title")}
            </Link>
            {t("schedules.title")}
          </>
        }
      >
        {leads && data && data.length > 0 && (
          <Button
            look="primary"
            icon={<Plus size={16} strokeWidth={1.5} aria-hidden />}
            onClick={() => setEditing("new")}
          >
            {t("schedules.new")}
          </Button>
        )}
      </TopBar>
      <main className={styles.page}>
        {error && <Failure error={error} retry={() => void refetch()} />}
        {actions.error && <Failure error={actions.error} />}
        {!data && !error && <Placeholder height={200} />}
        {data?.length === 0 && <Empty leads={leads} onNew={() => setEditing("new")} />}
        {data && data.length > 0 && (
          <Card>
            <ul className={styles.list}>
              {data.map((schedule) => (
                <Row
                  key={schedule.id}
                  schedule={schedule}
                  actions={actions}
                  leads={leads}
                  onEdit={() => setEditing(schedule)}
                  onRemove={() => setRemoving(schedule)}
                />
              ))}
            </ul>
          </Card>
        )}
        <FiringsCard />
      </main>
      {editing && (
        <ScheduleDialog
          project={project.id}
          schedule={editing === "new" ? null : editing}
          onClose={() => setEditing(null)}
        />
      )}
      {removing && (
        <Confirm
          title={t("schedules.removeTitle", { name: removing.name })}
          text={t("schedules.removeText")}
          action={t("schedules.remove")}
          busy={actions.remove.isPending}
          onConfirm={() => actions.remove.mutate(removing.id, { onSettled: () => setRemoving(null) })}
          onClose={() => setRemoving(null)}
        />
      )}
    </>
  );
}
