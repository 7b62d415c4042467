import { useTranslation } from "react-i18next";
import { useGallery } from "../../api/datasets";
import { useActiveJobs } from "../../api/pulse";
import { useBalance, useClasses, useSomeImages } from "../../api/queries";
import type { Overview, Project } from "../../api/types";
import { LinkButton } from "../../components/Button";
import { ClassTile } from "../../components/ClassTile";
import { JobBar } from "../../components/JobBar";
import styles from "./home.module.css";
import { nextStep, type Step } from "./nextStep";
import { useStepWords } from "./useStepWords";

interface Way {
  to: string;
  label: string;
}

/** The ways on from a step, the best first. */
function useWays(step: Step, base: string): Way[] {
  const { t } = useTranslation();
  const label = { to: `${base}/label`, label: t("home.continueLabelling") };
  switch (step.kind) {
    case "add-classes":
      return [{ to: `${base}/settings/classes`, label: t("home.addClasses") }];
    case "start":
      return [{ to: `${base}/label`, label: t("home.startLabelling") }];
    case "continue": {
      const gallery = `${base}/gallery?class=${step.scarce?.class}&of=suggested`;
      return step.scarce ? [label, { to: gallery, label: t("home.seeLikely") }] : [label];
    }
    case "failed":
      return [{ to: `${base}/jobs`, label: t("home.openJobs") }];
    case "decide":
      return [{ to: `${base}/models/${step.model.id}`, label: t("home.openModel") }];
    case "blind-answers":
      return [label, { to: `${base}/models/${step.model.id}`, label: t("home.openModel") }];
    case "train":
      return [{ to: `${base}/training`, label: t("home.openTraining") }, label];
    case "freeze":
      return [{ to: `${base}/snapshots`, label: t("home.openSnapshots") }];
    case "export":
      return [{ to: `${base}/exports?snapshot=${step.snapshot.id}`, label: t("home.openExports") }];
    case "import-more":
      return [{ to: `${base}/imports/new`, label: t("imports.new") }, label];
    case "all-labelled":
      return [{ to: `${base}/imports/new`, label: t("imports.new") }];
    default:
      return [];
  }
}

const stripShown = 8;
const stripStride = 12;

/** A few of many, evenly spread: neighbours in an import often look alike. */
function spread<T>(items: T[], wanted: number): T[] {
  const stride = Math.max(1, Math.floor(items.length / wanted));
  return items.filter((_, index) => index % stride === 0).slice(0, wanted);
}

interface Shown {
  id: number;
  thumb: string;
}

/** Pictures of the class that the step is about, else some of everything. */
function useStrip(project: number, scarce: number | undefined): Shown[] {
  const { data: images } = useSomeImages(project, stripShown * stripStride);
  const query = { class: scarce, of: "suggested", order: "-confidence" } as const;
  const { data: likely } = useGallery(project, query, scarce !== undefined);
  if (scarce !== undefined && likely) return (likely.pages[0]?.results ?? []).slice(0, stripShown);
  return spread(images?.results ?? [], stripShown).map(({ id, urls }) => ({ id, thumb: urls.thumb }));
}

/** The first card of the home page: what to do now, and the way there. */
export function NextStep({ project, overview }: { project: Project; overview: Overview }) {
  const { t } = useTranslation();
  const { data: balance } = useBalance(project.id);
  const { data: classes } = useClasses(project.id);
  const jobs = useActiveJobs(project.id);
  const step = nextStep(overview, balance, project.role);
  const scarce = step.kind === "continue" ? step.scarce?.class : undefined;
  const strip = useStrip(project.id, scarce);
  const { title, text } = useStepWords(step, overview);
  const ways = useWays(step, `/projects/${project.id}`);
  const about = step.kind === "import-more" ? step.row.class : scarce;
  const tile = classes?.find((one) => one.id === about);
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
            {ways.map(({ to, label }, index) => (
              <LinkButton key={to} to={to} look={index === 0 ? "primary" : "quiet"} size="l">
                {label}
              </LinkButton>
            ))}
          </div>
        )}
      </div>
      <div className={styles.strip} aria-hidden>
        {strip.map((image) => (
          <img key={image.id} src={image.thumb} alt="" loading="lazy" />
        ))}
      </div>
    </section>
  );
}
