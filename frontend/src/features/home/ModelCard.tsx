import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Overview } from "../../api/types";
import { Card } from "../../components/Page";
import { count, percent } from "../../messages/i18n";
import styles from "./home.module.css";

type Model = NonNullable<Overview["loop"]["serving"]>;

function points(value: number): string {
  return (value * 100).toFixed(1);
}

function Serving({ model, base }: { model: Model; base: string }) {
  const { t } = useTranslation();
  const measured = model.accuracy !== null;
  return (
    <>
      <p className={styles.big} data-testid="home-model">
        <b>
          <Link to={`${base}/models/${model.id}`}>{model.name}</Link>
        </b>
        <span>
          {measured
            ? `${percent(model.accuracy ?? 0, 1)}, ${points(model.low ?? 0)} – ${points(model.high ?? 1)}`
            : t("home.notMeasured")}
        </span>
      </p>
      <p className={styles.foot}>
        {measured
          ? t("home.testPictures", { count: model.test_size, number: count(model.test_size) })
          : t("home.firstBackbone")}
      </p>
    </>
  );
}

/** The model in use, the newest beside it, and what was made of the labels so far. */
export function ModelCard({ project, overview }: { project: number; overview: Overview }) {
  const { t } = useTranslation();
  const base = `/projects/${project}`;
  const { serving, newest_model: newest, runs, snapshots, exports } = overview.loop;
  const other = newest && newest.id !== serving?.id ? newest : null;
  const rows: [string, string, string][] = [
    [t("home.runs"), count(runs), `${base}/training`],
    [t("snapshots.title"), count(snapshots), `${base}/snapshots`],
    [t("exports.title"), count(exports), `${base}/exports`],
  ];
  return (
    <Card title={t("home.model")} aside={<Link to={`${base}/models`}>{t("home.allModels")}</Link>}>
      {serving ? (
        <Serving model={serving} base={base} />
      ) : (
        <p className={styles.quiet}>{t("home.noModelYet")}</p>
      )}
      <dl className={styles.facts}>
        {other && (
          <div>
            <dt>
              <Link to={`${base}/models/${other.id}`}>{other.name}</Link>{" "}
              {t(`home.modelState.${other.state}`)}
            </dt>
            <dd>{other.accuracy === null ? "–" : percent(other.accuracy, 1)}</dd>
          </div>
        )}
        {rows.map(([name, value, to]) => (
          <div key={name}>
            <dt>
              <Link to={to}>{name}</Link>
            </dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
