import { useTranslation } from "react-i18next";
import { useActiveJobs } from "../../api/pulse";
import type { LabelClass, Project } from "../../api/types";
import type { VerifyOverview } from "../../api/verify";
import { Button, LinkButton } from "../../components/Button";
import { JobBar } from "../../components/JobBar";
import { useConnection } from "../../components/online";
import { Failure } from "../../components/Page";
import type { DeskView, VerifyDesk } from "./desk";
import { neighbourClass, type Settings } from "./settings";
import styles from "./verify.module.css";

interface Props {
  project: Project;
  desk: VerifyDesk;
  view: DeskView;
  overview: VerifyOverview;
  settings: Settings;
  classOf: (id: number | null) => LabelClass | undefined;
}

function useWords({ view, settings, classOf }: Props): [title: string, text: string] {
  const { t } = useTranslation();
  const name = classOf(settings.wanted.class)?.name ?? "";
  if (settings.wanted.mode === "cluster" && view.reason !== "all_leased")
    return [t("verify.noClusters"), t("verify.noClustersText")];
  switch (view.reason) {
    case "no_suggestions":
      return [t("verify.noSuggestions"), t("verify.noSuggestionsText")];
    case "all_leased":
      return [t("verify.allLeased"), t("verify.allLeasedText")];
    default:
      return name
        ? [t("verify.nothingLeft", { name }), t("verify.nothingLeftText")]
        : [t("verify.nothingAtAll"), t("verify.nothingAtAllText")];
  }
}

/** No page to show: why, and what to do about it. */
export function NothingToVerify(props: Props) {
  const { project, desk, view, overview, settings, classOf } = props;
  const { t } = useTranslation();
  const { online } = useConnection();
  const job = useActiveJobs(project.id).find(({ kind }) => kind === "head_refresh" || kind === "embed");
  const [title, text] = useWords(props);
  if (!online)
    return (
      <div className={styles.nothing} role="status" data-testid="verify-nothing" data-reason="offline">
        <h2>{t("verify.offline")}</h2>
        <p>{t("verify.offlineText")}</p>
      </div>
    );
  if (view.error)
    return (
      <div className={styles.nothing}>
        <Failure error={view.error} retry={() => void desk.refill()} />
      </div>
    );
  const next = neighbourClass(overview, settings.wanted.class, 1);
  const other = next !== settings.wanted.class ? classOf(next) : undefined;
  return (
    <div
      className={styles.nothing}
      role="status"
      data-testid="verify-nothing"
      data-reason={view.reason ?? ""}
    >
      <h2>{title}</h2>
      <p>{text}</p>
      {view.reason === "no_suggestions" && job && (
        <div className={styles.job}>
          <JobBar job={job} />
        </div>
      )}
      <div className={styles.ways}>
        {settings.wanted.mode === "cluster" && overview.classes.some((one) => one.waiting > 0) ? (
          <Button look="primary" size="l" onClick={() => settings.change({ mode: "class" })}>
            {t("verify.byClass")}
          </Button>
        ) : (
          other && (
            <Button look="primary" size="l" onClick={() => settings.change({ class: other.id })}>
              {t("verify.goOnWith", { name: other.name })}
            </Button>
          )
        )}
        <LinkButton to={`/projects/${project.id}/label`} look={other ? "plain" : "primary"} size="l">
          {t("verify.goLabel")}
        </LinkButton>
      </div>
    </div>
  );
}
