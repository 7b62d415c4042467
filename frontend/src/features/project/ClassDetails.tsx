import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ClassChange, LabelClass } from "../../api/types";
import { Button } from "../../components/Button";
import { SelectField, TextArea } from "../../components/Field";
import { Markdown } from "../../components/Markdown";
import { Segmented } from "../../components/Segmented";
import { AliasField } from "./AliasField";
import styles from "./classes.module.css";
import { groupsFor } from "./groups";
import { PinnedPictures } from "./PinnedPictures";

interface Props {
  projectId: number;
  of: LabelClass;
  all: LabelClass[];
  locked: boolean;
  busy: boolean;
  onChange: (change: ClassChange) => void;
}

/** The class's instructions, written on one side of a switch and read on the other. */
function Instructions({ of, locked, busy, onChange }: Omit<Props, "projectId" | "all">) {
  const { t } = useTranslation();
  const [text, setText] = useState(of.instructions);
  const [side, setSide] = useState<"write" | "preview">(locked ? "preview" : "write");
  const changed = text !== of.instructions;
  return (
    <div className={styles.instructions}>
      {!locked && (
        <Segmented
          label={t("classes.instructions")}
          choices={[
            ["write", t("classes.write")],
            ["preview", t("classes.preview")],
          ]}
          value={side}
          onChange={setSide}
        />
      )}
      {side === "write" ? (
        <TextArea
          label={t("classes.instructions")}
          hint={t("classes.instructionsHint")}
          rows={7}
          maxLength={20_000}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      ) : (
        <div className={styles.preview} data-testid="instructions-preview">
          {text.trim() ? <Markdown text={text} /> : <p>{t("classes.noInstructions")}</p>}
        </div>
      )}
      {changed && (
        <div className={styles.actions}>
          <Button look="primary" size="s" disabled={busy} onClick={() => onChange({ instructions: text })}>
            {t("common.save")}
          </Button>
          <Button size="s" onClick={() => setText(of.instructions)}>
            {t("common.cancel")}
          </Button>
        </div>
      )}
    </div>
  );
}

/** A class's place, other names, instructions and pinned pictures. */
export function ClassDetails({ projectId, of, all, locked, busy, onChange }: Props) {
  const { t } = useTranslation();
  const groups = groupsFor(all, of.id);
  return (
    <div className={styles.details}>
      <div className={styles.two}>
        <SelectField
          label={t("classes.inGroup")}
          hint={of.group ? t("classes.isGroup") : t("classes.inGroupHint")}
          value={of.parent ?? ""}
          disabled={locked || of.archived || groups.length === 0}
          onChange={(event) => onChange({ parent: event.target.value ? Number(event.target.value) : null })}
        >
          <option value="">{t("classes.noGroup")}</option>
          {groups.map((group) => (
            <option key={group.id} value={group.id}>
              {group.name}
            </option>
          ))}
        </SelectField>
        <AliasField
          name={of.name}
          aliases={of.aliases}
          locked={locked}
          onChange={(aliases) => onChange({ aliases })}
        />
      </div>
      <Instructions key={of.instructions} of={of} locked={locked} busy={busy} onChange={onChange} />
      <PinnedPictures projectId={projectId} of={of} locked={locked} />
      {!locked && (
        <div className={styles.actions}>
          <Button size="s" disabled={busy} onClick={() => onChange({ archived: !of.archived })}>
            {of.archived ? t("classes.restore") : t("classes.archive")}
          </Button>
        </div>
      )}
    </div>
  );
}
