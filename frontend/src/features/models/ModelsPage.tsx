import { GraduationCap } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Model } from "../../api/modeling";
import { useModels } from "../../api/modelingCalls";
import { Button, LinkButton } from "../../components/Button";
import { IntervalBar } from "../../components/IntervalBar";
import { JobBar } from "../../components/JobBar";
import { Card, Failure, Placeholder } from "../../components/Page";
import { Table } from "../../components/Table";
import { TopBar } from "../../components/TopBar";
import { useProjectContext } from "../../components/useProjectContext";
import { count, dateTime } from "../../messages/i18n";
import { FailedPromotion } from "./FailedPromotion";
import { scaleFrom } from "./gate";
import { ModelState } from "./ModelState";
import styles from "./models.module.css";
import { PromoteButton, usePromotion } from "./PromoteButton";
import { GateBadge, useReasonText } from "./Reasons";
import { SettingsCard } from "./SettingsCard";

function Row({ model, project, from }: { model: Model; project: number; from: number }) {
  const { t } = useTranslation();
  const reasonText = useReasonText();
  const first = model.gate?.reasons[0];
  return (
    <tr data-testid="model-row" data-state={model.state}>
      <td>
        <span className={styles.named}>
          <Link to={`/projects/${project}/models/${model.id}`}>{model.name}</Link>
          <ModelState state={model.state} />
        </span>
      </td>
      <td>
        {model.accuracy === null ? (
          <span className={styles.quiet}>{t("models.notTested")}</span>
        ) : (
          <IntervalBar value={model.accuracy} low={model.low} high={model.high} from={from} />
        )}
        {model.test_size ? (
          <span className={styles.sub}>
            {t("models.onBlind", { count: model.test_size, number: count(model.test_size) })}
          </span>
        ) : null}
      </td>
      <td className={styles.gateCell}>
        {model.gate && <GateBadge decision={model.gate.decision} />}
        {first && <span className={styles.sub}>{reasonText(first)}</span>}
      </td>
      <td className={styles.wide}>
        {model.run ? (
          <Link to={`/projects/${project}/training/${model.run.id}`}>
            {t("training.run", { number: model.run.number })}
          </Link>
        ) : (
          <span className={styles.quiet}>{t("models.pretrained")}</span>
        )}
        <span className={styles.sub}>{model.backbone}</span>
      </td>
      <td className={styles.when}>
        <time dateTime={model.created_at}>{dateTime(model.created_at)}</time>
      </td>
      <td data-number>
        <PromoteButton model={model} size="s" />
      </td>
    </tr>
  );
}

function ModelTable({ models, project }: { models: Model[]; project: number }) {
  const { t } = useTranslation();
  const from = scaleFrom(models);
  return (
    <Table label={t("models.title")} stacked>
      <thead>
        <tr>
          <th>{t("models.model")}</th>
          <th>{t("models.accuracy")}</th>
          <th>{t("models.gate")}</th>
          <th className={styles.wide}>{t("models.from")}</th>
          <th className={styles.when}>{t("common.created")}</th>
          <th />
        </tr>
      </thead>
      <tbody>
        {models.map((model) => (
          <Row key={model.id} model={model} project={project} from={from} />
        ))}
      </tbody>
    </Table>
  );
}

export function ModelsPage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useModels(project.id);
  const promotion = usePromotion(project.id);
  const models = data?.pages.flatMap((page) => page.results) ?? [];
  const trained = models.some((model) => model.run);
  const training = `/projects/${project.id}/training`;
  return (
    <>
      <TopBar title={t("models.title")}>
        <LinkButton
          to={training}
          look="quiet"
          icon={<GraduationCap size={16} strokeWidth={1.5} aria-hidden />}
        >
          <span className={styles.barText}>{t("training.title")}</span>
        </LinkButton>
      </TopBar>
      <main className={styles.page}>
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!data && !error && <Placeholder height={240} />}
        {promotion ? (
          <Card>
            <JobBar job={promotion} />
          </Card>
        ) : (
          <FailedPromotion />
        )}
        {data && !trained && (
          <Card title={t("models.emptyTitle")} className={styles.empty}>
            <p>{models.length ? t("models.emptyFirst") : t("models.emptyNone")}</p>
            <LinkButton to={training} look="primary">
              {t("models.toTraining")}
            </LinkButton>
          </Card>
        )}
        {models.length > 0 && (
          <Card>
            <ModelTable models={models} project={project.id} />
          </Card>
        )}
        {hasNextPage && (
          <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t("common.more")}
          </Button>
        )}
        {data && <SettingsCard />}
      </main>
    </>
  );
}
