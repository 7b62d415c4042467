import { CircleSlash, Combine, Play } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Firing, Outcome } from "../../api/modeling";
import { useFirings } from "../../api/modelingCalls";
import { Badge, type Tone } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Card, Failure, Placeholder } from "../../components/Page";
import { Table } from "../../components/Table";
import { useProjectContext } from "../../components/useProjectContext";
import { useWhy } from "../../components/useWhy";
import { dateTime } from "../../messages/i18n";
import styles from "./schedules.module.css";
import { useOutcomeText } from "./useSaid";

const looks: Record<Outcome, [Tone, typeof Play]> = {
  started: ["good", Play],
  joined: ["accent", Combine],
  skipped: ["plain", CircleSlash],
};

function Row({ firing, project }: { firing: Firing; project: number }) {
  const { t } = useTranslation();
  const why = useWhy();
  const outcome = useOutcomeText();
  const [tone, icon] = looks[firing.outcome];
  return (
    <tr data-testid="firing-row">
      <td>
        <time dateTime={firing.created_at}>{dateTime(firing.created_at)}</time>
      </td>
      <td>{why(firing, firing.values)}</td>
      <td>
        <Badge tone={tone} icon={icon}>
          {t(`schedules.outcomes.${firing.outcome}`)}
        </Badge>
      </td>
      <td>
        {firing.run ? (
          <Link to={`/projects/${project}/training/${firing.run.id}`}>{outcome(firing)}</Link>
        ) : (
          outcome(firing)
        )}
      </td>
    </tr>
  );
}

/** Each time that somebody or something asked for a run: why, and what came of it. */
export function FiringsCard() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useFirings(project.id);
  const firings = data?.pages.flatMap((page) => page.results) ?? [];
  return (
    <Card title={t("schedules.firings")}>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Placeholder height={120} />}
      {data && firings.length === 0 && <p className={styles.sub}>{t("schedules.noFirings")}</p>}
      {firings.length > 0 && (
        <Table label={t("schedules.firings")} stacked>
          <thead>
            <tr>
              <th>{t("schedules.when")}</th>
              <th>{t("training.whyTitle")}</th>
              <th>{t("schedules.outcomeTitle")}</th>
              <th>{t("training.runTitle")}</th>
            </tr>
          </thead>
          <tbody>
            {firings.map((firing) => (
              <Row key={firing.id} firing={firing} project={project.id} />
            ))}
          </tbody>
        </Table>
      )}
      {hasNextPage && (
        <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t("common.more")}
        </Button>
      )}
    </Card>
  );
}
