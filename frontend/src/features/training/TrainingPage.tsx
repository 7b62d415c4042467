import { CalendarClock, Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Run } from "../../api/modeling";
import { useModels, useRuns } from "../../api/modelingCalls";
import { Button, LinkButton } from "../../components/Button";
import { Card, Failure, Placeholder } from "../../components/Page";
import { mayAs } from "../../components/roles";
import { Table } from "../../components/Table";
import { TopBar } from "../../components/TopBar";
import { useProjectContext } from "../../components/useProjectContext";
import { useWhy } from "../../components/useWhy";
import { dateTime, duration, percent } from "../../messages/i18n";
import { seconds } from "./curves";
import { RunState } from "./RunState";
import { TrainDialog } from "./TrainDialog";
import styles from "./training.module.css";

function Row({ run, project, accuracy }: { run: Run; project: number; accuracy: number | undefined }) {
  const { t } = useTranslation();
  const why = useWhy();
  const took = seconds(run, Date.now());
  const base = `/projects/${project}`;
  return (
    <tr data-testid="run-row" data-state={run.state}>
      <td>
        <Link to={`${base}/training/${run.id}`}>{t("training.run", { number: run.number })}</Link>
      </td>
      <td>
        <RunState state={run.state} />
        {run.state === "running" && <span className={styles.phase}>{t(`training.phase.${run.phase}`)}</span>}
      </td>
      <td className={styles.wide}>{t(`training.presets.${run.preset}`)}</td>
      <td className={styles.why}>{why(run, run.reason)}</td>
      <td className={styles.wide}>{run.snapshot?.name ?? "–"}</td>
      <td>
        {run.model ? <Link to={`${base}/models/${run.model.id}`}>{run.model.name}</Link> : "–"}
        {accuracy !== undefined && <span className={styles.phase}>{percent(accuracy, 1)}</span>}
      </td>
      <td data-number className={styles.wide}>
        {took === null ? "–" : duration(took)}
      </td>
      <td data-number>
        <time dateTime={run.created_at}>{dateTime(run.created_at)}</time>
      </td>
    </tr>
  );
}

/** Accuracy on the blind test set by model; without those that were not tested. */
function useAccuracies(project: number): Map<number, number> {
  const { data } = useModels(project);
  const models = data?.pages.flatMap((page) => page.results) ?? [];
  return new Map(models.flatMap(({ id, accuracy }) => (accuracy === null ? [] : [[id, accuracy]])));
}

function Runs({ runs, project }: { runs: Run[]; project: number }) {
  const { t } = useTranslation();
  const accuracies = useAccuracies(project);
  return (
    <Table label={t("training.title")} stacked>
      <thead>
        <tr>
          <th>{t("training.runTitle")}</th>
          <th>{t("jobs.stateTitle")}</th>
          <th className={styles.wide}>{t("training.preset")}</th>
          <th className={styles.why}>{t("training.whyTitle")}</th>
          <th className={styles.wide}>{t("training.snapshot")}</th>
          <th>{t("training.modelAccuracy")}</th>
          <th data-number className={styles.wide}>
            {t("training.took")}
          </th>
          <th data-number>{t("training.asked")}</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <Row key={run.id} run={run} project={project} accuracy={accuracies.get(run.model?.id ?? 0)} />
        ))}
      </tbody>
    </Table>
  );
}

export function TrainingPage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const [asking, setAsking] = useState(false);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useRuns(project.id);
  const runs = data?.pages.flatMap((page) => page.results) ?? [];
  const leads = mayAs(project.role, "lead");
  const train = (
    <Button
      look="primary"
      icon={<Plus size={16} strokeWidth={1.5} aria-hidden />}
      onClick={() => setAsking(true)}
    >
      {t("training.new")}
    </Button>
  );
  return (
    <>
      <TopBar title={t("training.title")}>
        <LinkButton
          to={`/projects/${project.id}/schedules`}
          look="quiet"
          icon={<CalendarClock size={16} strokeWidth={1.5} aria-hidden />}
        >
          <span className={styles.barText}>{t("schedules.title")}</span>
        </LinkButton>
        {leads && runs.length > 0 && train}
      </TopBar>
      <main className={styles.page}>
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!data && !error && <Placeholder height={240} />}
        {data && runs.length === 0 && (
          <Card className={styles.empty} title={t("training.emptyTitle")}>
            <p>{t("training.emptyText")}</p>
            <ul>
              <li>{t("training.needClasses")}</li>
              <li>{t("training.needTest")}</li>
            </ul>
            {leads ? train : <p>{t("training.leadsOnly")}</p>}
          </Card>
        )}
        {runs.length > 0 && (
          <Card>
            <Runs runs={runs} project={project.id} />
          </Card>
        )}
        {hasNextPage && (
          <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t("common.more")}
          </Button>
        )}
      </main>
      {asking && <TrainDialog project={project.id} onClose={() => setAsking(false)} />}
    </>
  );
}
