import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Scale } from "lucide-react";
import { useTranslation } from "react-i18next";
import { projects } from "../../api/endpoints";
import { useActiveJobs } from "../../api/pulse";
import { keys } from "../../api/queries";
import { type Selection, selection, useSelection } from "../../api/selection";
import type { Project } from "../../api/types";
import { Button, LinkButton } from "../../components/Button";
import { KindJobs } from "../../components/KindJobs";
import { Card, Failure, Placeholder } from "../../components/Page";
import { Progress } from "../../components/Progress";
import { TopBar } from "../../components/TopBar";
import { showToast } from "../../components/toasts";
import { useNarrow } from "../../components/useNarrow";
import { useProjectContext } from "../../components/useProjectContext";
import { count } from "../../messages/i18n";
import { Findings } from "./Findings";
import styles from "./selection.module.css";

const firstShare = 0.1;

function Off({ project }: { project: Project }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const turnOn = useMutation({
    mutationFn: () => projects.update(project.id, { control_share: firstShare }),
    onSuccess: (saved) => {
      client.setQueryData(keys.project(project.id), saved);
      void client.invalidateQueries({ queryKey: keys.selection(project.id) });
      showToast(t("selection.turnedOn"), { tone: "good" });
    },
  });
  const mayChange = project.role === "lead" && !project.archived;
  return (
    <section className={styles.none} data-testid="selection-off">
      <Scale size={24} strokeWidth={1.5} aria-hidden />
      <h2>{t("selection.offTitle")}</h2>
      <p>{t("selection.offText")}</p>
      {mayChange ? (
        <div className={styles.actions}>
          <Button look="primary" disabled={turnOn.isPending} onClick={() => turnOn.mutate()}>
            {t("selection.turnOn")}
          </Button>
          <LinkButton to={`/projects/${project.id}/settings`}>{t("selection.settings")}</LinkButton>
        </div>
      ) : (
        <p>{t("selection.askLead")}</p>
      )}
      {turnOn.error && <Failure error={turnOn.error} />}
    </section>
  );
}

/** What there is of each, and what it takes. */
function Growing({ project, found }: { project: Project; found: Selection }) {
  const { t } = useTranslation();
  const rows = [
    ["control", t("selection.needControl")],
    ["chosen", t("selection.needChosen")],
    ["blind", t("selection.needBlind")],
  ] as const;
  const ready = rows.every(([name]) => found.missing[name] === 0);
  return (
    <Card title={ready ? undefined : t("selection.soonTitle")}>
      <p data-testid="selection-growing">{ready ? t("selection.ready") : t("selection.soonText")}</p>
      <dl className={styles.needs}>
        {rows.map(([name, words]) => {
          const have = found.labels[name];
          const need = have + found.missing[name];
          return (
            <div key={name}>
              <dt>{words}</dt>
              <dd>
                {found.missing[name]
                  ? t("selection.have", { have: count(have), need: count(need) })
                  : count(have)}
              </dd>
              <dd className={styles.bar}>
                <Progress value={need ? have / need : 0} label={words} />
              </dd>
            </div>
          );
        })}
      </dl>
      {found.share === 0 && found.missing.control > 0 && <p>{t("selection.stillOff")}</p>}
      {!ready && project.role !== "viewer" && (
        <div className={styles.actions}>
          <LinkButton look="primary" to={`/projects/${project.id}/label`}>
            {t("selection.label")}
          </LinkButton>
        </div>
      )}
    </Card>
  );
}

/** What the strategy's picks are worth against random ones, by the project's own control arm. */
export function SelectionPage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const narrow = useNarrow();
  const { data: found, error, refetch } = useSelection(project.id);
  const measuring = useActiveJobs(project.id).some((job) => job.kind === "control_arm");
  const measure = useMutation({ mutationFn: () => selection.measure(project.id) });
  const enough = found && Object.values(found.missing).every((number) => number === 0);
  const off = found && found.share === 0 && found.labels.control === 0 && !found.measured;
  return (
    <>
      <TopBar title={t("selection.title")} note={narrow ? undefined : project.name}>
        {enough && project.role === "lead" && !project.archived && (
          <Button
            icon={<Scale size={16} strokeWidth={1.5} />}
            disabled={measuring || measure.isPending}
            onClick={() => measure.mutate()}
          >
            {measuring ? t("selection.measuring") : t("selection.measure")}
          </Button>
        )}
      </TopBar>
      <main className={styles.page}>
        <KindJobs project={project} kind="control_arm" />
        {measure.error && <Failure error={measure.error} />}
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!found && !error && <Placeholder height={360} />}
        {off && <Off project={project} />}
        {found?.measured && <Findings gain={found.measured} found={found} />}
        {found && !off && !found.measured && <Growing project={project} found={found} />}
      </main>
    </>
  );
}
