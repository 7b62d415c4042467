import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Model } from "../../api/modeling";
import { models } from "../../api/modelingCalls";
import { useActiveJobs } from "../../api/pulse";
import { keys } from "../../api/queries";
import { Button } from "../../components/Button";
import { Confirm } from "../../components/Dialog";
import { Failure } from "../../components/Page";
import { mayAs } from "../../components/roles";
import { showToast } from "../../components/toasts";
import { useProjectContext } from "../../components/useProjectContext";
import { actionOf } from "./gate";
import styles from "./models.module.css";

type Asked = Pick<Model, "id" | "name" | "state" | "rollback"> & { gate: { decision: string } | null };

/** The promotion that waits or runs in the project, if any. */
export function usePromotion(project: number) {
  return useActiveJobs(project).find((job) => job.kind === "promote");
}

/** Puts a model in use, or an earlier one back, after saying what that will do. */
export function PromoteButton({ model, size = "m" }: { model: Asked; size?: "s" | "m" | "l" }) {
  const { t } = useTranslation();
  const project = useProjectContext();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const busy = usePromotion(project.id) !== undefined;
  const action = actionOf(model);
  const promote = useMutation({
    mutationFn: () => models.promote(project.id, model.id, action === "override"),
    onSuccess: (answer) => {
      setAsking(false);
      const text = "backbone" in answer ? "models.inUse" : "models.underWay";
      showToast(t(text, { name: model.name }), { tone: "good" });
    },
    onSettled: () => client.invalidateQueries({ queryKey: keys.models(project.id) }),
  });
  if (!action || !mayAs(project.role, "lead")) return null;
  const primary = action === "promote" && model.gate?.decision === "promoted";
  return (
    <>
      <Button
        size={size}
        look={primary ? "primary" : "plain"}
        disabled={busy}
        title={busy ? t("models.busy") : undefined}
        onClick={() => setAsking(true)}
      >
        {t(`models.action.${action}`, { name: model.name })}
      </Button>
      {asking && (
        <Confirm
          title={t(`models.actionTitle.${action}`, { name: model.name })}
          look={action === "override" ? "danger" : "primary"}
          text={
            <div className={styles.confirm}>
              <p>{t(`models.actionText.${action}`)}</p>
              {action === "promote" && model.gate?.decision === "too_small" && (
                <p>{t("models.actionTooSmall")}</p>
              )}
              {promote.error && <Failure error={promote.error} />}
            </div>
          }
          action={t(`models.action.${action}`, { name: model.name })}
          busy={promote.isPending}
          onConfirm={() => promote.mutate()}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
