import { useMutation, useQuery } from "@tanstack/react-query";
import { ImagePlus } from "lucide-react";
import { type DragEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { jobs } from "../../api/endpoints";
import type { ModelDetail, Tried } from "../../api/modeling";
import { models } from "../../api/modelingCalls";
import { useClasses } from "../../api/queries";
import { Button } from "../../components/Button";
import { ClassTile } from "../../components/ClassTile";
import { Card, Failure } from "../../components/Page";
import { Progress } from "../../components/Progress";
import { mayAs } from "../../components/roles";
import { useProjectContext } from "../../components/useProjectContext";
import { fileSize, percent } from "../../messages/i18n";
import styles from "./models.module.css";
import { firstPicture, tooLarge } from "./picture";
import trial from "./try.module.css";

/** Sends a picture and follows the job that looks at it. */
function useTry(project: number, model: number) {
  const send = useMutation({ mutationFn: (picture: Blob) => models.tryOn(project, model, picture) });
  const id = send.data?.id;
  const { data: job, error } = useQuery({
    queryKey: ["project", project, "job", id],
    queryFn: () => jobs.get(project, id ?? 0),
    enabled: id !== undefined,
    refetchInterval: (query) =>
      ["queued", "running"].includes(query.state.data?.state ?? "queued") ? 400 : false,
  });
  return { send, job: id === undefined ? undefined : job, error: send.error ?? error };
}

function Prediction({ tried }: { tried: Tried }) {
  const { t } = useTranslation();
  const project = useProjectContext();
  const { data: tiles } = useClasses(project.id);
  const known = new Map((tiles ?? []).map((tile) => [tile.id, tile]));
  return (
    <>
      <ol className={trial.predictions} data-testid="try-result">
        {tried.top.map((one, index) => {
          const tile = known.get(one.class);
          return (
            <li key={one.class} data-first={index === 0 || undefined}>
              <span className={styles.named}>
                {tile && <ClassTile of={tile} />}
                {tile?.name ?? one.name}
              </span>
              <Progress
                value={one.confidence}
                label={tile?.name ?? one.name}
                tone={index === 0 ? "data" : "plain"}
              />
              <b>{percent(one.confidence, 1)}</b>
            </li>
          );
        })}
      </ol>
      {typeof tried.ms === "number" && (
        <p className={styles.sub}>{t("models.tryTook", { ms: Math.round(tried.ms) })}</p>
      )}
    </>
  );
}

function Answer({ project, model, picture }: { project: number; model: number; picture: Blob }) {
  const { t } = useTranslation();
  const { send, job, error } = useTry(project, model);
  const { mutate } = send;
  useEffect(() => mutate(picture), [mutate, picture]);
  if (error) return <Failure error={error} retry={() => mutate(picture)} />;
  if (job?.state === "failed" || job?.state === "cancelled")
    return (
      <p role="alert" className={styles.bad}>
        {job.error ? `${job.error.message} ${job.error.hint}` : t(`jobs.state.${job.state}`)}
      </p>
    );
  if (job?.state === "succeeded") return <Prediction tried={job.result as unknown as Tried} />;
  return (
    <div className={trial.waiting}>
      <p className={styles.quiet}>{job?.state === "queued" ? t("models.tryWaits") : t("models.looking")}</p>
      <Progress value={null} label={t("models.looking")} />
    </div>
  );
}

function usePaste(take: (data: DataTransfer | null) => void) {
  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => take(event.clipboardData);
    document.addEventListener("paste", onPaste);
    return () => document.removeEventListener("paste", onPaste);
  });
}

/** Drop, paste or choose a picture, and see what the model says of it. */
export function TryIt({ model }: { model: ModelDetail }) {
  const { t } = useTranslation();
  const project = useProjectContext();
  const input = useRef<HTMLInputElement>(null);
  const [picture, setPicture] = useState<{ file: File; url: string } | null>(null);
  const [over, setOver] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  useEffect(() => () => URL.revokeObjectURL(picture?.url ?? ""), [picture]);

  const take = (files: Iterable<File>) => {
    const file = firstPicture(files);
    if (!file) setRefused(t("models.noPicture"));
    else if (tooLarge(file)) setRefused(t("models.tooLarge", { size: fileSize(file.size) }));
    else {
      setRefused(null);
      setPicture({ file, url: URL.createObjectURL(file) });
    }
  };
  usePaste((data) => data?.files.length && take(data.files));
  if (!mayAs(project.role, "annotator")) return <Card>{t("models.tryRole")}</Card>;
  return (
    <Card title={t("models.try")} aside={t("models.tryNote")}>
      <div className={trial.try}>
        <section
          className={trial.drop}
          data-over={over || undefined}
          aria-label={t("models.drop")}
          onDragOver={(event: DragEvent) => {
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={(event: DragEvent) => {
            event.preventDefault();
            setOver(false);
            take(event.dataTransfer.files);
          }}
        >
          {picture ? (
            <img src={picture.url} alt={picture.file.name} />
          ) : (
            <ImagePlus size={32} strokeWidth={1} aria-hidden />
          )}
          <p>{t("models.drop")}</p>
          <Button onClick={() => input.current?.click()}>{t("models.choose")}</Button>
          <input
            ref={input}
            type="file"
            accept="image/*"
            hidden
            data-testid="try-file"
            onChange={(event) => {
              take(event.target.files ?? []);
              event.target.value = "";
            }}
          />
        </section>
        <div>
          {refused && (
            <p role="alert" className={styles.bad}>
              {refused}
            </p>
          )}
          {picture ? (
            <Answer key={picture.url} project={project.id} model={model.id} picture={picture.file} />
          ) : (
            <p className={styles.quiet}>{t("models.tryEmpty")}</p>
          )}
        </div>
      </div>
    </Card>
  );
}
