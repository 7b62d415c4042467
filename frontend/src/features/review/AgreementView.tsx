import { useTranslation } from "react-i18next";
import { useClasses } from "../../api/queries";
import { type Agreement, useAgreement } from "../../api/review";
import type { LabelClass, Project } from "../../api/types";
import { LinkButton } from "../../components/Button";
import { ClassTile } from "../../components/ClassTile";
import { Card, Failure, Placeholder } from "../../components/Page";
import { mayAs } from "../../components/roles";
import { count, percent } from "../../messages/i18n";
import { figure, reading, square, strength } from "./agreement";
import styles from "./agreement.module.css";

function Headline({ found }: { found: Agreement }) {
  const { t } = useTranslation();
  const said = reading(found.alpha);
  return (
    <Card className={styles.headline}>
      <dl>
        <div>
          <dt>{t("review.alpha")}</dt>
          <dd data-testid="agreement-alpha">{figure(found.alpha)}</dd>
        </div>
        <div>
          <dt>{t("review.percent")}</dt>
          <dd>{found.percent === null ? "–" : percent(found.percent, 1)}</dd>
        </div>
        <div>
          <dt>{t("review.pictures")}</dt>
          <dd>{count(found.pictures)}</dd>
        </div>
        <div>
          <dt>{t("review.votesCast")}</dt>
          <dd>{count(found.votes)}</dd>
        </div>
      </dl>
      <p data-reading={said}>
        <b>{t(`review.readings.${said}`)}</b> {t("review.alphaText")}
      </p>
    </Card>
  );
}

function Kappa({ pairs }: { pairs: Agreement["kappa"] }) {
  const { t } = useTranslation();
  const { people, at } = square(pairs);
  return (
    <Card title={t("review.kappa")} aside={t("review.kappaAside")}>
      <div className={styles.scroll}>
        <table className={styles.matrix}>
          <caption className="visually-hidden">{t("review.kappa")}</caption>
          <thead>
            <tr>
              <td />
              {people.map((one) => (
                <th key={one.id} scope="col">
                  {one.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {people.map((one) => (
              <tr key={one.id}>
                <th scope="row">{one.name}</th>
                {people.map((other) => {
                  const pair = at(one.id, other.id);
                  return (
                    <td
                      key={other.id}
                      data-shared={pair ? true : undefined}
                      style={{ "--shade": strength(pair?.kappa ?? null) } as React.CSSProperties}
                    >
                      {pair && (
                        <>
                          <b>{figure(pair.kappa)}</b>
                          <small>
                            {t("review.pairText", {
                              share: percent(pair.percent),
                              count: pair.pictures,
                              number: count(pair.pictures),
                            })}
                          </small>
                        </>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={styles.text}>{t("review.kappaText")}</p>
    </Card>
  );
}

function PerClass({ rows, classes }: { rows: Agreement["per_class"]; classes: LabelClass[] }) {
  const { t } = useTranslation();
  const byId = new Map(classes.map((one) => [one.id, one]));
  const worst = [...rows].sort((a, b) => (a.alpha ?? 2) - (b.alpha ?? 2));
  return (
    <Card title={t("review.perClass")} aside={t("review.perClassAside")}>
      <table className={styles.classes}>
        <thead>
          <tr>
            <th scope="col">{t("gallery.class")}</th>
            <th scope="col">α</th>
            <th scope="col" aria-hidden />
            <th scope="col">{t("review.saidToo")}</th>
            <th scope="col">{t("review.pictures")}</th>
          </tr>
        </thead>
        <tbody>
          {worst.map((row) => {
            const tile = byId.get(row.class);
            return (
              <tr key={row.class}>
                <th scope="row">
                  <span>
                    {tile && <ClassTile of={tile} />}
                    {tile?.name ?? "–"}
                  </span>
                </th>
                <td>{figure(row.alpha)}</td>
                <td aria-hidden>
                  <span className={styles.bar} data-reading={reading(row.alpha)}>
                    <i style={{ width: `${100 * strength(row.alpha)}%` }} />
                  </span>
                </td>
                <td>{percent(row.percent)}</td>
                <td>{count(row.pictures)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <p className={styles.text}>{t("review.perClassText")}</p>
    </Card>
  );
}

function NoVotes({ project }: { project: Project }) {
  const { t } = useTranslation();
  const off = project.overlap_share === 0;
  const lead = mayAs(project.role, "lead");
  return (
    <div className={styles.nothing} data-testid="agreement-empty">
      <h2>{t(off ? "review.noOverlap" : "review.noVotes")}</h2>
      <p>
        {t(off ? (lead ? "review.overlapOff" : "review.overlapOffAsk") : "review.noVotesText", {
          share: percent(project.overlap_share),
          votes: count(project.overlap_votes),
        })}
      </p>
      {lead && off && (
        <LinkButton to={`/projects/${project.id}/settings`} look="primary" size="l">
          {t("review.toSettings")}
        </LinkButton>
      )}
      {!off && (
        <LinkButton to={`/projects/${project.id}/label`} look="primary" size="l">
          {t("gallery.goLabel")}
        </LinkButton>
      )}
    </div>
  );
}

/** How far the people who label the same pictures agree, and how to read it. */
export function AgreementView({ project }: { project: Project }) {
  const { data: found, error, refetch } = useAgreement(project.id, true);
  const { data: classes = [] } = useClasses(project.id);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!found) return <Placeholder height={320} />;
  if (!found.pictures) return <NoVotes project={project} />;
  return (
    <div className={styles.page} data-testid="agreement">
      <Headline found={found} />
      <div className={styles.two}>
        <Kappa pairs={found.kappa} />
        <PerClass rows={found.per_class} classes={classes} />
      </div>
    </div>
  );
}
