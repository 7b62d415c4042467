import { LayoutGrid, List, Search, X } from "lucide-react";
import { useEffect, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe, useMembers } from "../../api/queries";
import type { LabelClass } from "../../api/types";
import { Button, IconButton } from "../../components/Button";
import { mayAs } from "../../components/roles";
import { useProjectContext } from "../../components/useProjectContext";
import styles from "./history.module.css";
import { type Chosen, narrowing, origins, spans, states, verdicts } from "./query";

function Choice<T extends string | number>({
  label,
  every,
  value,
  choices,
  onChange,
}: {
  label: string;
  /** The choice that does not narrow. */
  every?: string;
  value: T | undefined;
  choices: (readonly [value: T, text: string])[];
  onChange: (value: T | undefined) => void;
}) {
  const id = useId();
  return (
    <span className={styles.chip} data-set={(value !== undefined && every !== undefined) || undefined}>
      <label htmlFor={id} className="visually-hidden">
        {label}
      </label>
      <select
        id={id}
        value={value ?? ""}
        onChange={(event) => onChange(choices.find(([one]) => String(one) === event.target.value)?.[0])}
      >
        {every !== undefined && <option value="">{every}</option>}
        {choices.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </span>
  );
}

/** Whose answers: a reviewer may look at those of one person or of everybody. */
function Who({ chosen, onChange }: { chosen: Chosen; onChange: (chosen: Chosen) => void }) {
  const { t } = useTranslation();
  const project = useProjectContext();
  const { data: me } = useMe();
  const { data: members } = useMembers(project.id);
  const people = (members ?? [])
    .filter(({ user, role }) => role !== "viewer" && user.id !== me?.user?.id)
    .map(({ user }) => [user.id, user.name || user.username] as const);
  const choices: (readonly [Chosen["who"], string])[] = [
    ["mine", t("history.mine")],
    ["all", t("history.everybody")],
    ...people,
  ];
  return (
    <Choice<Chosen["who"]>
      label={t("history.who")}
      value={chosen.who}
      choices={choices}
      onChange={(who) => onChange({ ...chosen, who: who ?? "mine" })}
    />
  );
}

function FileSearch({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = setTimeout(() => onChange(text.trim()), 300);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return (
    <span className={styles.find}>
      <Search size={14} strokeWidth={1.5} aria-hidden />
      <input
        type="search"
        aria-label={t("history.file")}
        placeholder={t("history.filePlaceholder")}
        maxLength={200}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      />
    </span>
  );
}

export type Look = "list" | "grid";

export function Filters({
  chosen,
  classes,
  look,
  onLook,
  onChange,
}: {
  chosen: Chosen;
  classes: LabelClass[];
  look: Look;
  onLook: (look: Look) => void;
  onChange: (chosen: Chosen) => void;
}) {
  const { t } = useTranslation();
  const project = useProjectContext();
  return (
    <search className={styles.filters} aria-label={t("history.filters")}>
      {mayAs(project.role, "reviewer") && <Who chosen={chosen} onChange={onChange} />}
      <Choice
        label={t("gallery.class")}
        every={t("gallery.allClasses")}
        value={chosen.class}
        choices={classes.map((one) => [one.id, one.name] as const)}
        onChange={(id) => onChange({ ...chosen, class: id })}
      />
      <Choice
        label={t("history.verdict")}
        every={t("history.allVerdicts")}
        value={chosen.verdict}
        choices={verdicts.map((one) => [one, t(`history.verdicts.${one}`)] as const)}
        onChange={(verdict) => onChange({ ...chosen, verdict })}
      />
      <Choice
        label={t("history.origin")}
        every={t("history.allOrigins")}
        value={chosen.origin}
        choices={origins.map((one) => [one, t(`history.origins.${one}`)] as const)}
        onChange={(origin) => onChange({ ...chosen, origin })}
      />
      <Choice
        label={t("history.state")}
        every={t("history.allStates")}
        value={chosen.state}
        choices={states.map((one) => [one, t(`history.states.${one}`)] as const)}
        onChange={(state) => onChange({ ...chosen, state })}
      />
      <Choice
        label={t("history.when")}
        every={t("history.ever")}
        value={chosen.days}
        choices={spans.map((one) => [one, t(`history.spans.${one}`)] as const)}
        onChange={(days) => onChange({ ...chosen, days })}
      />
      <FileSearch value={chosen.q ?? ""} onChange={(q) => onChange({ ...chosen, q: q || undefined })} />
      {narrowing(chosen) > 0 && (
        <Button
          size="s"
          look="quiet"
          icon={<X size={14} strokeWidth={1.5} aria-hidden />}
          onClick={() => onChange({ who: chosen.who })}
        >
          {t("history.clear")}
        </Button>
      )}
      <span className={styles.right}>
        <IconButton label={t("history.list")} aria-pressed={look === "list"} onClick={() => onLook("list")}>
          <List size={16} strokeWidth={1.5} />
        </IconButton>
        <IconButton label={t("history.grid")} aria-pressed={look === "grid"} onClick={() => onLook("grid")}>
          <LayoutGrid size={16} strokeWidth={1.5} />
        </IconButton>
      </span>
    </search>
  );
}
