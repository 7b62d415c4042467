import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { jobs } from "../../api/endpoints";
import { keys, useJobs } from "../../api/queries";
import { Button } from "../../components/Button";
import { Failure } from "../../components/Page";
import { mayAs } from "../../components/roles";
import { useProjectContext } from "../../components/useProjectContext";
import styles from "./models.module.css";

/** Why the last promotion failed, if it did: the model in use is unchanged, and it can be tried again. */
export function FailedPromotion() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const client = useQueryClient();
  const { data } = useJobs(project.id);
  const last = data?.results.find((job) => job.kind === "promote");
  const retry = useMutation({
    mutationFn: (job: number) => jobs.retry(project.id, job),
    onSettled: () => client.invalidateQueries({ queryKey: keys.jobs(project.id) }),
  });
  if (last?.state !== "failed" || !last.error) return null;
  return (
    <section role="alert" className={styles.failed}>
      <h2>{t("jobs.failedTitle", { title: last.title })}</h2>
      <p>
        {last.error.message} {last.error.hint}
      </p>
      <p>{t("models.unchanged")}</p>
      {mayAs(project.role, "lead") && (
        <Button disabled={retry.isPending} onClick={() => retry.mutate(last.id)}>
          {t("jobs.retry")}
        </Button>
      )}
      {retry.error && <Failure error={retry.error} />}
    </section>
  );
}
