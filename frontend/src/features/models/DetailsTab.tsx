import { Download } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { ModelDetail } from "../../api/modeling";
import { useModelCard } from "../../api/modelingCalls";
import { Facts } from "../../components/Facts";
import { Markdown } from "../../components/Markdown";
import { Card, Failure, Placeholder } from "../../components/Page";
import { mayAs } from "../../components/roles";
import { Table } from "../../components/Table";
import { useProjectContext } from "../../components/useProjectContext";
import { dateTime, fileSize } from "../../messages/i18n";
import styles from "./models.module.css";

export function DownloadLink({ model }: { model: ModelDetail }) {
  const { t } = useTranslation();
  const project = useProjectContext();
  if (!model.url || !mayAs(project.role, "reviewer")) return null;
  return (
    <a href={model.url} download className={styles.download}>
      <Download size={16} strokeWidth={1.5} aria-hidden />
      <span className={styles.barText}>{t("models.download")}</span>
    </a>
  );
}

function FilesCard({ model }: { model: ModelDetail }) {
  const { t } = useTranslation();
  const total = model.files.reduce((sum, file) => sum + file.bytes, 0);
  return (
    <Card title={t("models.files")} aside={model.files.length > 0 && fileSize(total)}>
      {model.files.length === 0 ? (
        <p className={styles.quiet}>{t("models.noFiles")}</p>
      ) : (
        <>
          <Table label={t("models.files")}>
            <thead>
              <tr>
                <th>{t("models.file")}</th>
                <th data-number>{t("models.size")}</th>
                <th>SHA-256</th>
              </tr>
            </thead>
            <tbody>
              {model.files.map((file) => (
                <tr key={file.name}>
                  <td>{file.name}</td>
                  <td data-number>{fileSize(file.bytes)}</td>
                  <td>
                    <code className={styles.hash} title={file.sha256}>
                      {file.sha256.slice(0, 16)}
                    </code>
                  </td>
                </tr>
              ))}
            </tbody>
          </Table>
          <div className={styles.actions}>
            <DownloadLink model={model} />
          </div>
        </>
      )}
    </Card>
  );
}

function CardCard({ model }: { model: ModelDetail }) {
  const { t } = useTranslation();
  const project = useProjectContext();
  const { data, error, refetch } = useModelCard(project.id, model.id);
  return (
    <Card title={t("models.card")}>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Placeholder height={240} />}
      {data && <Markdown text={data.markdown} />}
    </Card>
  );
}

/** Where a model comes from, what it is made of, and what can be taken away. */
export function DetailsTab({ model }: { model: ModelDetail }) {
  const { t } = useTranslation();
  const project = useProjectContext();
  const base = `/projects/${project.id}`;
  return (
    <>
      <Card>
        <Facts
          facts={[
            [t("training.field.backbone"), model.backbone],
            [
              t("training.runTitle"),
              model.run && (
                <Link to={`${base}/training/${model.run.id}`}>
                  {t("training.run", { number: model.run.number })}
                </Link>
              ),
            ],
            [
              t("training.balance"),
              model.run && <Link to={`${base}/training/${model.run.id}/balance`}>{t("models.open")}</Link>,
            ],
            [
              t("training.snapshot"),
              model.snapshot && (
                <Link to={`${base}/snapshots/${model.snapshot.id}`}>{model.snapshot.name}</Link>
              ),
            ],
            [t("common.created"), dateTime(model.created_at)],
            [t("models.promoted"), model.promoted_at && dateTime(model.promoted_at)],
            [t("models.promotedBy"), model.promoted_by?.name],
            [t("models.temperatureName"), model.run ? model.temperature.toFixed(3) : null],
            [
              t("models.onnx"),
              model.onnx_difference === null
                ? null
                : t("models.onnxDifference", { value: model.onnx_difference.toExponential(1) }),
            ],
          ]}
        />
      </Card>
      <FilesCard model={model} />
      <CardCard model={model} />
    </>
  );
}
