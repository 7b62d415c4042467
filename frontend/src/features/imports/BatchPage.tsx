import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Download, Undo2 } from "lucide-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { imports, jobs } from "../../api/endpoints";
import { useActiveJobs } from "../../api/pulse";
import { keys, useBatch } from "../../api/queries";
import type { Batch } from "../../api/types";
import { Button, LinkButton } from "../../components/Button";
import { Confirm } from "../../components/Dialog";
import { JobBar } from "../../components/JobBar";
import { Card, Failure, Placeholder } from "../../components/Page";
import { Progress } from "../../components/Progress";
import { TopBar } from "../../components/TopBar";
import { useProjectContext } from "../../components/useProjectContext";
import { count, fileSize } from "../../messages/i18n";
import styles from "./imports.module.css";
import { type Upload, uploadOf } from "./upload";

function UploadCard({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  const state = useSyncExternalStore(upload.subscribe, upload.read);
  const client = useQueryClient();
  useEffect(() => {
    if (state.phase === "started") void client.invalidateQueries({ queryKey: ["project"] });
  }, [state.phase, client]);
  if (state.phase === "started") return null;
  const sending = state.phase === "sending" || state.phase === "starting";
  return (
    <Card
      title={t("imports.uploading")}
      aside={`${fileSize(state.sent)} / ${fileSize(state.total)}, ${t("imports.filesSent", { sent: count(state.filesSent), total: count(state.files) })}`}
    >
      <Progress value={state.total ? state.sent / state.total : 1} label={t("imports.uploading")} />
      {sending ? (
        <p className={styles.hint}>{t("imports.keepOpen")}</p>
      ) : (
        <div className={styles.stopped}>
          {state.error !== null && <Failure error={state.error} />}
          {state.phase === "failed" && (
            <Button look="primary" onClick={() => void upload.run()}>
              {t("imports.resume")}
            </Button>
          )}
        </div>
      )}
    </Card>
  );
}

function JobCard({ project, batch, mayCancel }: { project: number; batch: Batch; mayCancel: boolean }) {
  const { t } = useTranslation();
  const job = useActiveJobs(project).find((one) => one.id === batch.job);
  const cancel = useMutation({ mutationFn: (id: number) => jobs.cancel(project, id) });
  if (!job) return null;
  return (
    <Card>
      <JobBar job={job} />
      {mayCancel && (
        <div className={styles.jobActions}>
          <Button
            size="s"
            disabled={job.cancel_requested || cancel.isPending}
            onClick={() => cancel.mutate(job.id)}
          >
            {t("common.cancel")}
          </Button>
        </div>
      )}
    </Card>
  );
}

function Numbers({ batch }: { batch: Batch }) {
  const { t } = useTranslation();
  const shown = ["imported", "duplicates", "rejected", "labelled", "conflicts"] as const;
  return (
    <dl className={styles.numbers}>
      {shown.map((name) => (
        <div key={name}>
          <dt>{t(`imports.${name}`)}</dt>
          <dd data-testid={`import-${name}`}>{count(batch.counts[name])}</dd>
        </div>
      ))}
    </dl>
  );
}

function RejectedCard({ project, batch }: { project: number; batch: Batch }) {
  const { t } = useTranslation();
  const { data, error, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: [...keys.imports(project), batch.id, "rejected", batch.counts.rejected],
    queryFn: ({ pageParam }) => imports.rejected(project, batch.id, pageParam),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  return (
    <Card
      title={t("imports.rejectedTitle", {
        count: batch.counts.rejected,
        number: count(batch.counts.rejected),
      })}
      aside={
        <a href={imports.rejectedCsv(project, batch.id)} download className={styles.csv}>
          <Download size={14} strokeWidth={1.5} aria-hidden /> CSV
        </a>
      }
    >
      {error && <Failure error={error} />}
      <div className={styles.scroll}>
        <table className={styles.rejected}>
          <thead>
            <tr>
              <th>{t("imports.file")}</th>
              <th>{t("imports.reason")}</th>
            </tr>
          </thead>
          <tbody>
            {data?.pages
              .flatMap((page) => page.results)
              .map((row) => (
                <tr key={row.id} data-testid="rejected-row">
                  <td>{row.path}</td>
                  <td title={row.detail}>{row.message || row.reason}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </div>
      {hasNextPage && (
        <Button size="s" onClick={() => void fetchNextPage()}>
          {t("common.more")}
        </Button>
      )}
    </Card>
  );
}

function UndoImport({ project, batch }: { project: number; batch: Batch }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const undo = useMutation({
    mutationFn: () => imports.undo(project, batch.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ["project", project] }),
    onSettled: () => setAsking(false),
  });
  return (
    <>
      <Button icon={<Undo2 size={16} strokeWidth={1.5} />} onClick={() => setAsking(true)}>
        {t("imports.undo")}
      </Button>
      {undo.error && <Failure error={undo.error} />}
      {asking && (
        <Confirm
          title={t("imports.undoTitle")}
          text={t("imports.undoText", { count: batch.counts.imported, number: count(batch.counts.imported) })}
          action={t("imports.undo")}
          busy={undo.isPending}
          onConfirm={() => undo.mutate()}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

/** One import: its upload, its job, what came in, and every file that did not. */
export function BatchPage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const id = Number(useParams().batchId);
  const { data: batch, error, refetch } = useBatch(project.id, id);
  const upload = uploadOf(id);
  const leads = project.role === "lead";
  const ended = batch && ["done", "failed", "cancelled"].includes(batch.state);
  const refetchBatch = batch?.state === "queued" || batch?.state === "running";
  useEffect(() => {
    if (!refetchBatch) return;
    const timer = setInterval(() => void refetch(), 2_000);
    return () => clearInterval(timer);
  }, [refetchBatch, refetch]);
  return (
    <>
      <TopBar
        title={batch?.name || t("imports.unnamed", { id })}
        note={batch && <span data-testid="import-state">{t(`imports.state.${batch.state}`)}</span>}
      >
        {batch && ended && leads && batch.counts.imported > 0 && (
          <UndoImport project={project.id} batch={batch} />
        )}
      </TopBar>
      <main className={`${styles.page} ${styles.narrow}`}>
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!batch && !error && <Placeholder height={160} />}
        {upload && <UploadCard upload={upload} />}
        {batch?.state === "receiving" && !upload && <p className={styles.hint}>{t("imports.elsewhere")}</p>}
        {batch && <JobCard project={project.id} batch={batch} mayCancel={leads} />}
        {batch && (
          <Card aside={t(`imports.labelsAs.${batch.labels}`)} title={t("imports.result")}>
            <Numbers batch={batch} />
            {batch.notices.map((notice) => (
              <p key={notice} className={styles.notice}>
                {notice}
              </p>
            ))}
            {ended && (
              <div className={styles.planActions}>
                <LinkButton to={`/projects/${project.id}`} look="primary">
                  {t("imports.toHome")}
                </LinkButton>
                {project.role !== "viewer" && (
                  <LinkButton to={`/projects/${project.id}/label`}>{t("home.startLabelling")}</LinkButton>
                )}
              </div>
            )}
          </Card>
        )}
        {batch && batch.counts.rejected > 0 && <RejectedCard project={project.id} batch={batch} />}
      </main>
    </>
  );
}
