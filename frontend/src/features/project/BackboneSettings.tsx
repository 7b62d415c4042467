import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Gauge } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { type BackboneInUse, backbones, useBackbone } from "../../api/backbones";
import { useActiveJobs } from "../../api/pulse";
import { keys, usePresets } from "../../api/queries";
import type { BackbonePreset, Project } from "../../api/types";
import { Button } from "../../components/Button";
import { Confirm } from "../../components/Dialog";
import { TextField } from "../../components/Field";
import { KindJobs } from "../../components/KindJobs";
import { Card, Failure, Placeholder } from "../../components/Page";
import { showToast } from "../../components/toasts";
import { count, duration } from "../../messages/i18n";
import styles from "./Backbone.module.css";
import { BackboneMatrix, WeightsNote } from "./BackboneMatrix";
import { costOf, couldBeName, isInUse, paceOf } from "./backbones";

/** Reads the matrix anew with every backbone that a running measurement has done. */
function useFreshRates(project: number): boolean {
  const client = useQueryClient();
  const job = useActiveJobs(project).find((one) => one.kind === "measure");
  const step = job ? job.progress.done : -1;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each step is a reason to read again
  useEffect(() => {
    void client.invalidateQueries({ queryKey: keys.presets });
  }, [client, step]);
  return job !== undefined;
}

function MeasureButton({ project, names }: { project: Project; names: string[] }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const busy = useFreshRates(project.id);
  const measure = useMutation({
    mutationFn: () => backbones.measure(project.id, names),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.jobs(project.id) }),
    onError: (error) => showToast(error.message, { tone: "bad" }),
  });
  if (project.role !== "lead" || project.archived) return null;
  return (
    <Button
      size="s"
      icon={<Gauge size={14} strokeWidth={1.5} aria-hidden />}
      disabled={busy || measure.isPending}
      title={t("backbone.measureHint")}
      onClick={() => measure.mutate()}
    >
      {t("backbone.measure")}
    </Button>
  );
}

function Cost({ inUse, seconds }: { inUse: BackboneInUse; seconds: number | null }) {
  const { t } = useTranslation();
  const pictures = { count: inUse.pictures, number: count(inUse.pictures) };
  if (!inUse.model) return <p>{t("backbone.costNothing")}</p>;
  return (
    <p>
      {t("backbone.costPictures", pictures)}{" "}
      {seconds === null
        ? t("backbone.costUnknown")
        : t("backbone.costTime", { time: duration(Math.max(seconds, 1)) })}
    </p>
  );
}

function Change({
  project,
  inUse,
  presets,
  name,
  onDone,
}: {
  project: Project;
  inUse: BackboneInUse;
  presets: BackbonePreset[];
  name: string;
  onDone: () => void;
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const preset = presets.find((one) => one.name === name);
  const title = preset?.title ?? name;
  const change = useMutation({
    mutationFn: () => backbones.change(project.id, name),
    onSuccess: (state) => {
      client.setQueryData(keys.backbone(project.id), state);
      for (const queryKey of [keys.project(project.id), keys.jobs(project.id), keys.models(project.id)])
        void client.invalidateQueries({ queryKey });
      const done = isInUse(name, state);
      showToast(t(done ? "backbone.changed" : "backbone.underWay", { name: title }), { tone: "good" });
      onDone();
    },
  });
  return (
    <Confirm
      title={t("backbone.changeTitle", { name: title })}
      look="primary"
      text={
        <div className={styles.confirm}>
          <Cost inUse={inUse} seconds={costOf(inUse.pictures, paceOf(name, presets, inUse))} />
          <p>{t("backbone.changeText")}</p>
          {preset && preset.weights !== "at_hand" && <WeightsNote preset={preset} />}
          {change.error && <Failure error={change.error} />}
        </div>
      }
      action={t("backbone.changeNow")}
      busy={change.isPending}
      onConfirm={() => change.mutate()}
      onClose={onDone}
    />
  );
}

function Chooser({
  project,
  inUse,
  presets,
}: {
  project: Project;
  inUse: BackboneInUse;
  presets: BackbonePreset[];
}) {
  const { t } = useTranslation();
  const [picked, setPicked] = useState<string | null>(null);
  const [typed, setTyped] = useState("");
  const [asking, setAsking] = useState(false);
  const changing = useActiveJobs(project.id).some((job) => job.kind === "promote");
  const leads = project.role === "lead" && !project.archived;
  const name = typed || (picked ?? inUse.backbone);
  const chosen = presets.find((preset) => preset.name === name);
  const wrong = typed !== "" && !couldBeName(typed);
  return (
    <>
      <BackboneMatrix
        presets={presets}
        inUse={inUse}
        value={name}
        disabled={!leads}
        onChange={(next) => {
          setPicked(next);
          setTyped("");
        }}
      />
      {chosen && <WeightsNote preset={chosen} />}
      {leads && (
        <div className={styles.choose}>
          <TextField
            label={t("backbone.other")}
            hint={t("backbone.otherHint")}
            errors={wrong ? [t("backbone.otherWrong")] : undefined}
            placeholder="resnet18.a1_in1k"
            autoComplete="off"
            spellCheck={false}
            value={typed}
            onChange={(event) => setTyped(event.target.value.trim())}
          />
          <Button
            look="primary"
            disabled={wrong || changing || isInUse(name, inUse)}
            title={changing ? t("backbone.busy") : undefined}
            onClick={() => setAsking(true)}
          >
            {t("backbone.change")}
          </Button>
        </div>
      )}
      {asking && (
        <Change
          project={project}
          inUse={inUse}
          presets={presets}
          name={name}
          onDone={() => {
            setAsking(false);
            setPicked(null);
            setTyped("");
          }}
        />
      )}
    </>
  );
}

/** The backbone of a project: which one is in use, what else there is, how fast each is here, and changing it. */
export function BackboneSettings({ project }: { project: Project }) {
  const { t } = useTranslation();
  const { data: presets } = usePresets();
  const { data: inUse, error, refetch } = useBackbone(project.id);
  const names = presets?.backbones.map((preset) => preset.name) ?? [];
  return (
    <Card title={t("backbone.title")} aside={<MeasureButton project={project} names={names} />}>
      <div className={styles.settings} data-testid="backbone-settings">
        <p className={styles.note}>{t("backbone.intro")}</p>
        {inUse && (
          <p data-testid="backbone-in-use">
            {t(inUse.trained ? "backbone.nowTrained" : "backbone.now", {
              name: inUse.backbone,
              model: inUse.model || "v1",
            })}
          </p>
        )}
        <KindJobs project={project} kind="promote" />
        <KindJobs project={project} kind="measure" />
        {error && <Failure error={error} retry={() => void refetch()} />}
        {(!inUse || !presets) && !error && <Placeholder height={320} />}
        {inUse && presets && <Chooser project={project} inUse={inUse} presets={presets.backbones} />}
      </div>
    </Card>
  );
}
