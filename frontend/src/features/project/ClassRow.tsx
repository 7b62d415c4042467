import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ChevronDown, ChevronRight, GripVertical } from "lucide-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { classes } from "../../api/endpoints";
import { keys } from "../../api/queries";
import type { ClassChange, LabelClass } from "../../api/types";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { ClassTile } from "../../components/ClassTile";
import { Failure, formErrors } from "../../components/Page";
import { ClassDetails } from "./ClassDetails";
import styles from "./classes.module.css";
import { clash } from "./groups";

interface Props {
  projectId: number;
  of: LabelClass;
  all: LabelClass[];
  depth: 0 | 1;
  locked: boolean;
  /** What is dragged may be dropped here. */
  target: boolean;
  onDrag: (id: number | null) => void;
  onDrop: () => void;
}

/** Changes a class; what was refused is told beside it. */
function useChange(projectId: number, of: LabelClass) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: ClassChange) => classes.update(projectId, of.id, change),
    onSettled: () => client.invalidateQueries({ queryKey: keys.classes(projectId) }),
  });
}

/** Why the key that is being typed cannot be had, in the words of the page. */
function useClashWords(all: LabelClass[], of: LabelClass): (key: string) => string | null {
  const { t } = useTranslation();
  return (key) => {
    const found = clash(all, of, key);
    if (!found) return null;
    if (found.kind === "taken") return t("classes.keyTaken", { key: key.toUpperCase(), name: found.by });
    return found.kind === "reserved"
      ? t("classes.keyReserved", { key: key.toUpperCase() })
      : t("classes.keyNoLetter");
  };
}

function KeyField({
  of,
  all,
  locked,
  onSave,
}: Pick<Props, "of" | "all" | "locked"> & { onSave: (key: string) => void }) {
  const { t } = useTranslation();
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const words = useClashWords(all, of);
  const key = typed ?? of.hotkey;
  const problem = typed === null ? null : words(typed);
  return (
    <>
      <input
        className={styles.key}
        aria-label={t("classes.letterOf", { name: of.name })}
        aria-invalid={problem ? true : undefined}
        aria-describedby={problem ? id : undefined}
        value={key.toUpperCase()}
        maxLength={1}
        disabled={locked}
        onFocus={(event) => event.target.select()}
        onChange={(event) => setTyped(event.target.value.toLowerCase())}
        onBlur={() => {
          if (typed !== null && typed !== of.hotkey && !problem) onSave(typed);
          if (!problem) setTyped(null);
        }}
      />
      {problem && (
        <span id={id} role="alert" className={styles.problem}>
          {problem}
        </span>
      )}
    </>
  );
}

/** One class: name, letter and description in the row, its place and its guide below when it is opened. */
export function ClassRow({ projectId, of, all, depth, locked, target, onDrag, onDrop }: Props) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const update = useChange(projectId, of);
  const { fields, general } = formErrors(update.error);
  const problems = Object.values(fields).flat();
  const Chevron = open ? ChevronDown : ChevronRight;
  const commit = (field: "name" | "description", value: string) => {
    if (value !== of[field]) update.mutate({ [field]: value });
  };
  return (
    <li
      className={styles.item}
      data-depth={depth}
      data-archived={of.archived || undefined}
      data-target={target || undefined}
      data-testid="class-row"
      onDragOver={(event) => target && event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        onDrop();
      }}
    >
      <div className={styles.row}>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the choice of the group does the same by keyboard */}
        <span
          className={styles.grip}
          draggable={!locked && !of.archived}
          title={locked ? undefined : t("classes.drag")}
          onDragStart={(event) => {
            event.dataTransfer.effectAllowed = "move";
            event.dataTransfer.setData("text/plain", of.name);
            onDrag(of.id);
          }}
          onDragEnd={() => onDrag(null)}
        >
          {!locked && <GripVertical size={14} strokeWidth={1.5} aria-hidden />}
          <ClassTile of={of} />
        </span>
        <input
          className={styles.name}
          aria-label={t("classes.nameOf", { name: of.name })}
          key={of.name}
          defaultValue={of.name}
          disabled={locked}
          onBlur={(event) => commit("name", event.target.value.trim() || of.name)}
        />
        <KeyField of={of} all={all} locked={locked} onSave={(hotkey) => update.mutate({ hotkey })} />
        <input
          className={styles.description}
          aria-label={t("classes.descriptionOf", { name: of.name })}
          placeholder={t("classes.description")}
          key={`description ${of.description}`}
          defaultValue={of.description}
          disabled={locked}
          onBlur={(event) => commit("description", event.target.value)}
        />
        {of.group && <Badge tone="plain">{t("classes.group")}</Badge>}
        <Button
          size="s"
          look="quiet"
          aria-expanded={open}
          aria-label={t("classes.guideOf", { name: of.name })}
          icon={<Chevron size={14} strokeWidth={1.5} aria-hidden />}
          onClick={() => setOpen(!open)}
        >
          {t("classes.guide")}
        </Button>
      </div>
      {problems.length > 0 && (
        <p role="alert" className={styles.problem}>
          {problems.join(" ")}
        </p>
      )}
      {problems.length === 0 && general !== null && <Failure error={general} />}
      {open && (
        <ClassDetails
          projectId={projectId}
          of={of}
          all={all}
          locked={locked}
          busy={update.isPending}
          onChange={(change) => update.mutate(change)}
        />
      )}
    </li>
  );
}
