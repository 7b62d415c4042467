import { useMutation } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { imports } from "../../api/endpoints";
import type { LabelsMode } from "../../api/types";
import { Button } from "../../components/Button";
import { type Choice, ChoiceField, TextField } from "../../components/Field";
import { FormError } from "../../components/Page";
import { count, fileSize } from "../../messages/i18n";
import { DropZone } from "./DropZone";
import styles from "./imports.module.css";
import { type Chosen, classFolders, isZip } from "./paths";
import { startUpload } from "./upload";

function Folders({ folders }: { folders: [string, number][] }) {
  const { t } = useTranslation();
  const shown = folders.slice(0, 12);
  return (
    <p className={styles.folders}>
      {shown.map(([name, files]) => (
        <span key={name}>
          {name} <b>{count(files)}</b>
        </span>
      ))}
      {folders.length > shown.length && (
        <span>{t("imports.moreFolders", { count: folders.length - shown.length })}</span>
      )}
    </p>
  );
}

/** Asks, before anything starts, how the labels in folder names are meant. */
function Plan({ files, project, onBack }: { files: Chosen[]; project: number; onBack: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const folders = useMemo(() => classFolders(files), [files]);
  const zips = files.some(({ path }) => isZip(path));
  const mayHaveLabels = folders.length > 0 || zips;
  const [name, setName] = useState("");
  const [labels, setLabels] = useState<LabelsMode>(mayHaveLabels ? "suggestions" : "ignore");
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  const start = useMutation({
    mutationFn: () => imports.create(project, name.trim(), labels),
    onSuccess: (batch) => {
      startUpload(project, batch.id, files);
      navigate(`/projects/${project}/imports/${batch.id}`);
    },
  });
  const choices: Choice<LabelsMode>[] = [
    { value: "trusted", title: t("imports.trusted"), text: t("imports.trustedText") },
    { value: "suggestions", title: t("imports.suggestions"), text: t("imports.suggestionsText") },
    { value: "ignore", title: t("imports.ignore"), text: t("imports.ignoreText") },
  ];
  return (
    <div className={styles.plan} data-testid="import-plan">
      <h2>
        {t("imports.chosen", { count: files.length, number: count(files.length), size: fileSize(bytes) })}
      </h2>
      {folders.length > 0 && (
        <>
          <p className={styles.hint}>{t("imports.classFolders", { count: folders.length })}</p>
          <Folders folders={folders} />
        </>
      )}
      {mayHaveLabels && (
        <ChoiceField label={t("imports.labels")} choices={choices} value={labels} onChange={setLabels} />
      )}
      <TextField
        label={t("imports.name")}
        placeholder={t("imports.nameExample")}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <FormError error={start.error} />
      <div className={styles.planActions}>
        <Button look="primary" size="l" disabled={start.isPending} onClick={() => start.mutate()}>
          {t("imports.start")}
        </Button>
        <Button look="quiet" size="l" onClick={onBack}>
          {t("imports.chooseOthers")}
        </Button>
      </div>
    </div>
  );
}

export function Importer({ project, compact }: { project: number; compact?: boolean }) {
  const { t } = useTranslation();
  const [files, setFiles] = useState<Chosen[] | null>(null);
  if (files?.length) return <Plan files={files} project={project} onBack={() => setFiles(null)} />;
  return (
    <>
      <DropZone onChosen={setFiles} compact={compact} />
      {files && <p className={styles.nothing}>{t("imports.nothing")}</p>}
    </>
  );
}
