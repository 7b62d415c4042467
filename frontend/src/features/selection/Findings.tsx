import { useTranslation } from "react-i18next";
import type { MeasuredGain, Saving, Selection } from "../../api/selection";
import { Card } from "../../components/Page";
import { Table } from "../../components/Table";
import { count, dateTime, percent } from "../../messages/i18n";
import { GainChart } from "./GainChart";
import { atItsFirst, headline, savedShare } from "./gain";
import styles from "./selection.module.css";

const whole = (value: number) => count(Math.round(value));

function Headline({ gain, saving }: { gain: MeasuredGain; saving: Saving }) {
  const { t } = useTranslation();
  const { n, needed, low, high } = saving;
  const share = savedShare(saving);
  const most = gain.strategy_curve.at(-1)?.n ?? gain.chosen;
  const blind = t("selection.intervalBlind", { count: gain.test_size, number: count(gain.test_size) });
  return (
    <section className={styles.headline} data-testid="selection-headline">
      <h2>
        {needed === null
          ? t("selection.headlineNever", { chosen: count(most), n: count(n) })
          : t("selection.headline", { needed: whole(needed), n: count(n) })}
      </h2>
      {share !== null && (
        <p>{share > 0 ? t("selection.saves", { share: percent(share) }) : t("selection.costs")}</p>
      )}
      {low !== null && (
        <p className={styles.quiet}>
          {high === null
            ? t("selection.intervalOpen", { low: whole(low) })
            : t("selection.interval", { low: whole(low), high: whole(high) })}{" "}
          {blind}
          {atItsFirst(gain, saving) &&
            ` ${t("selection.atMost", { first: count(gain.strategy_curve[0]?.n ?? 0) })}`}
        </p>
      )}
    </section>
  );
}

function Savings({ gain }: { gain: MeasuredGain }) {
  const { t } = useTranslation();
  const most = gain.strategy_curve.at(-1)?.n ?? gain.chosen;
  const beyond = t("selection.beyond", { number: count(most) });
  const shown = (value: number | null) => (value === null ? beyond : whole(value));
  return (
    <Table label={t("selection.table")}>
      <thead>
        <tr>
          <th scope="col">{t("selection.random")}</th>
          <th scope="col">{t("selection.accuracy")}</th>
          <th scope="col">{t("selection.needed")}</th>
          <th scope="col">{t("selection.range")}</th>
        </tr>
      </thead>
      <tbody>
        {gain.savings.map((saving, index) => (
          <tr key={saving.n}>
            <td>{count(saving.n)}</td>
            <td>{percent(gain.control_curve[index]?.accuracy ?? 0, 1)}</td>
            <td>{shown(saving.needed)}</td>
            <td>{saving.low === null ? beyond : `${whole(saving.low)} – ${shown(saving.high)}`}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

/** The last measurement: in a sentence, as curves, as a table, and how far to trust it. */
export function Findings({ gain, found }: { gain: MeasuredGain; found: Selection }) {
  const { t } = useTranslation();
  const saving = headline(gain);
  const since = Math.max(0, found.labels.control - gain.control);
  const list = gain.strategies.map(({ name, labels }) => `${name} ${count(labels)}`).join(", ");
  return (
    <>
      {saving && <Headline gain={gain} saving={saving} />}
      <Card title={t("selection.curves")}>
        <GainChart gain={gain} />
        <p className={styles.quiet}>
          {t("selection.measuredAt", { time: dateTime(gain.measured_at) })}{" "}
          {since > 0 && t("selection.sinceThen", { count: since, number: count(since) })}{" "}
          {found.share === 0 && t("selection.stillOff")}
        </p>
      </Card>
      <Card title={t("selection.table")}>
        <Savings gain={gain} />
      </Card>
      <Card title={t("selection.honestTitle")}>
        <p className={styles.honest}>{t("selection.honest")}</p>
        {list && <p className={styles.quiet}>{t("selection.of", { list })}</p>}
      </Card>
    </>
  );
}
