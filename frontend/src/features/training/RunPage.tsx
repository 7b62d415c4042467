import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ChartBarBig } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { ApiError } from "../../api/client";
import { jobs } from "../../api/endpoints";
import type { RunDetail } from "../../api/modeling";
import { runs, useRun } from "../../api/modelingCalls";
import { keys } from "../../api/queries";
import { Button, LinkButton } from "../../components/Button";
import { Lost } from "../../components/Crash";
import { Confirm } from "../../components/Dialog";
import { Facts } from "../../components/Facts";
import { jobShare } from "../../components/JobBar";
import { Card, Failure, Placeholder } from "../../components/Page";
import { Progress } from "../../components/Progress";
import { useSettingWords } from "../../components/RecipeForm";
import { flattened } from "../../components/recipe";
import { mayAs } from "../../components/roles";
import { TopBar } from "../../components/TopBar";
import { useProjectContext } from "../../components/useProjectContext";
import { useWhy } from "../../components/useWhy";
import { count, dateTime, duration } from "../../messages/i18n";
import { seconds, speed } from "./curves";
import { PhaseSteps } from "./PhaseSteps";
import { RunCurves } from "./RunCurves";
import { RunLog } from "./RunLog";
import { RunNotes } from "./RunNotes";
import { RunState } from "./RunState";
import styles from "./training.module.css";

function useRunActions(project: number, run: RunDetail) {
  const client = useQueryClient();
  const onSettled = () => client.invalidateQueries({ queryKey: keys.runs(project) });
  const cancel = useMutation({ mutationFn: () => runs.cancel(project, run.id), onSettled });
  const retry = useMutation({ mutationFn: () => jobs.retry(project, run.job?.id ?? 0), onSettled });
  return { cancel, retry };
}

function RunFailure({ run, onRetry }: { run: RunDetail; onRetry: (() => void) | null }) {
  const { t } = useTranslation();
  if (run.state !== "failed" || !run.error) return null;
  return (
    <div className={styles.failure} role="alert" data-testid="run-failure">
      <h2>{t("training.failedTitle", { number: run.number })}</h2>
      <p>{run.error.message}</p>
      {run.error.hint && <p>{run.error.hint}</p>}
      <p>{t("training.safe")}</p>
      <div className={styles.actions}>
        {onRetry && (
          <Button look="primary" size="l" onClick={onRetry}>
            {t("training.retry")}
          </Button>
        )}
        <code>{run.error.code}</code>
      </div>
    </div>
  );
}

function RunFacts({ run, project }: { run: RunDetail; project: number }) {
  const { t } = useTranslation();
  const why = useWhy();
  const base = `/projects/${project}`;
  const rate = speed(run.curves);
  const took = seconds(run, Date.now());
  const { summary } = run;
  const eta = run.state === "running" ? (run.job?.eta_s ?? null) : null;
  return (
    <Facts
      facts={[
        [t("training.preset"), t(`training.presets.${run.preset}`)],
        [t("training.whyTitle"), why(run, run.reason)],
        [
          t("training.snapshot"),
          run.snapshot && <Link to={`${base}/snapshots/${run.snapshot.id}`}>{run.snapshot.name}</Link>,
        ],
        [t("training.took"), took === null ? null : duration(took)],
        [t("training.left"), eta === null ? null : duration(eta)],
        [t("training.speed"), rate === null ? null : count(Math.round(rate))],
        [t("training.device"), typeof summary.device === "string" ? summary.device : null],
        [t("training.bestEpoch"), typeof summary.best_epoch === "number" ? count(summary.best_epoch) : null],
        [
          t("training.model"),
          run.model && <Link to={`${base}/models/${run.model.id}`}>{run.model.name}</Link>,
        ],
      ]}
    />
  );
}

function Head({ run, project, leads }: { run: RunDetail; project: number; leads: boolean }) {
  const { t } = useTranslation();
  const { retry } = useRunActions(project, run);
  const job = run.job;
  return (
    <Card>
      <PhaseSteps run={run} />
      {job && run.state === "running" && (
        <div className={styles.progress}>
          <Progress value={jobShare(job)} label={job.title} />
          <p>
            {job.cancel_requested
              ? t("jobs.cancelling")
              : job.progress.message ||
                t("jobs.doneOf", { done: count(job.progress.done), total: count(job.progress.total) })}
          </p>
        </div>
      )}
      {run.state === "queued" && <p className={styles.quiet}>{t("training.waits")}</p>}
      {run.state === "cancelled" && (
        <div className={styles.actions}>
          <p className={styles.quiet}>{t("training.cancelledText")}</p>
          {leads && job && (
            <Button disabled={retry.isPending} onClick={() => retry.mutate()}>
              {t("training.retry")}
            </Button>
          )}
        </div>
      )}
      <RunFailure run={run} onRetry={leads && job && !retry.isPending ? () => retry.mutate() : null} />
      {retry.error && <Failure error={retry.error} />}
      <RunFacts run={run} project={project} />
    </Card>
  );
}

function RecipeCard({ run }: { run: RunDetail }) {
  const { t } = useTranslation();
  const words = useSettingWords();
  const changed = flattened(run.overrides);
  const differ = Object.keys(changed).length;
  const all = Object.keys(run.recipe).length ? flattened(run.recipe) : changed;
  if (!Object.keys(all).length) return null;
  return (
    <Card title={t("training.recipe")} aside={differ > 0 && t("training.recipeChanged", { count: differ })}>
      <dl className={styles.recipe}>
        {Object.entries(all).map(([name, value]) => (
          <div key={name} data-changed={name in changed || undefined}>
            <dt>{words.name(name)}</dt>
            <dd>{typeof value === "boolean" ? t(`training.onOff.${value}`) : words.choice(value)}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

function CancelButton({ run, project }: { run: RunDetail; project: number }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  const { cancel } = useRunActions(project, run);
  return (
    <>
      <Button disabled={run.job?.cancel_requested || cancel.isPending} onClick={() => setAsking(true)}>
        {t("training.cancel")}
      </Button>
      {asking && (
        <Confirm
          title={t("training.cancelTitle", { number: run.number })}
          text={t("training.cancelText")}
          action={t("training.cancel")}
          busy={cancel.isPending}
          onConfirm={() => cancel.mutate(undefined, { onSettled: () => setAsking(false) })}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

export function RunPage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const id = Number(useParams().runId);
  const { data: run, error, refetch } = useRun(project.id, id);
  if (error instanceof ApiError && error.status === 404) return <Lost />;
  const base = `/projects/${project.id}/training`;
  const leads = mayAs(project.role, "lead");
  const live = run?.state === "queued" || run?.state === "running";
  return (
    <>
      <TopBar
        title={
          <>
            <Link to={base} className={styles.crumb}>
              {t("training.title")}
            </Link>
            {run && t("training.run", { number: run.number })}
          </>
        }
        note={
          run && (
            <span className={styles.note}>
              <RunState state={run.state} /> <span className={styles.wide}>{dateTime(run.created_at)}</span>
            </span>
          )
        }
      >
        {run && (
          <LinkButton
            to={`${base}/${run.id}/balance`}
            look="quiet"
            icon={<ChartBarBig size={16} strokeWidth={1.5} aria-hidden />}
          >
            <span className={styles.barText}>{t("training.balance")}</span>
          </LinkButton>
        )}
        {run && leads && live && <CancelButton run={run} project={project.id} />}
      </TopBar>
      <main className={styles.page}>
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!run && !error && <Placeholder height={320} />}
        {run && (
          <>
            <Head run={run} project={project.id} leads={leads} />
            <RunCurves curves={run.curves} />
            <RunNotes run={run} />
            <RunLog lines={run.log} />
            <RecipeCard run={run} />
          </>
        )}
      </main>
    </>
  );
}
