import { useTranslation } from "react-i18next";
import { useActiveJobs } from "../../api/pulse";
import { useBalance, useClasses, useSomeImages } from "../../api/queries";
import type { Overview, Project } from "../../api/types";
import { LinkButton } from "../../components/Button";
import { ClassTile } from "../../components/ClassTile";
import { JobBar } from "../../components/JobBar";
import { count } from "../../messages/i18n";
import styles from "./home.module.css";
import { nextStep, type Step } from "./nextStep";

function useWords(step: Step, overview: Overview): { title: string; text: string } {
  const { t } = useTranslation();
  if (step.kind === "continue") {
    const { scarce } = step;
    const text = t("home.continueText", {
      count: overview.next_refresh_in,
      number: count(overview.next_refresh_in),
    });
    if (!scarce) return { title: t("home.continueTitle"), text };
    return {
      title: t("home.scarceTitle", {
        name: scarce.name,
        labelled: count(scarce.labelled),
        target: count(scarce.target),
        suggested: count(scarce.suggested),
      }),
      text,
    };
  }
  const names = {
    importing: "importing",
    embedding: "embedding",
    "add-classes": "addClasses",
    start: "start",
    "all-labelled": "allLabelled",
    watch: "watch",
  } as const;
  const name = names[step.kind];
  return { title: t(`home.${name}Title`), text: t(`home.${name}Text`) };
}

function Action({ step, base }: { step: Step; base: string }) {
  const { t } = useTranslation();
  if (step.kind === "add-classes")
    return (
      <LinkButton to={`${base}/settings/classes`} look="primary" size="l">
        {t("home.addClasses")}
      </LinkButton>
    );
  if (step.kind === "start" || step.kind === "continue")
    return (
      <LinkButton to={`${base}/label`} look="primary" size="l">
        {t(step.kind === "start" ? "home.startLabelling" : "home.continueLabelling")}
      </LinkButton>
    );
  if (step.kind === "all-labelled")
    return (
      <LinkButton to={`${base}/imports/new`} look="primary" size="l">
        {t("imports.new")}
      </LinkButton>
    );
  return null;
}

const stripShown = 8;
const stripStride = 12;

/** A few of many, evenly spread: neighbours in an import often look alike. */
function spread<T>(items: T[], wanted: number): T[] {
  const stride = Math.max(1, Math.floor(items.length / wanted));
  return items.filter((_, index) => index % stride === 0).slice(0, wanted);
}

/** The first card of the home page: what to do now, and the way there. */
export function NextStep({ project, overview }: { project: Project; overview: Overview }) {
  const { t } = useTranslation();
  const { data: balance } = useBalance(project.id);
  const { data: classes } = useClasses(project.id);
  const { data: images } = useSomeImages(project.id, stripShown * stripStride);
  const jobs = useActiveJobs(project.id);
  const strip = spread(images?.results ?? [], stripShown);
  const step = nextStep(overview, balance, project.role);
  const { title, text } = useWords(step, overview);
  const base = `/projects/${project.id}`;
  const tile = step.kind === "continue" && classes?.find((one) => one.id === step.scarce?.class);
  const waits = step.kind === "importing" || step.kind === "embedding";
  const job = waits ? jobs[0] : undefined;
  return (
    <section className={styles.next} data-testid="next-step" data-step={step.kind}>
      <div className={styles.nextWords}>
        <p className={styles.kicker}>{t("home.nextStep")}</p>
        <h2>
          {tile && <ClassTile of={tile} size="l" />}
          {title}
        </h2>
        <p className={styles.nextText}>{text}</p>
        {job ? (
          <div className={styles.nextJob}>
            <JobBar job={job} />
          </div>
        ) : (
          <div className={styles.nextActions}>
            <Action step={step} base={base} />
          </div>
        )}
      </div>
      <div className={styles.strip} aria-hidden>
        {strip.map((image) => (
          <img key={image.id} src={image.urls.thumb} alt="" loading="lazy" />
        ))}
      </div>
    </section>
  );
}
