import { type KeyboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMembers } from "../../api/queries";
import type { Case } from "../../api/review";
import { Button } from "../../components/Button";
import { Dialog, DialogActions } from "../../components/Dialog";
import { SelectField, TextArea } from "../../components/Field";
import styles from "./case.module.css";
import { askable } from "./cases";

/** Asks whom to send a case back to, and what to tell them. */
export function SendBackDialog({
  project,
  one,
  user,
  onSend,
  onClose,
}: {
  project: number;
  one: Case;
  user: number;
  onSend: (person: number, text: string) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { data: members } = useMembers(project);
  const near = askable(one, user);
  const known = new Set(near.map(({ id }) => id));
  const others = (members ?? [])
    .filter(({ user: person, role }) => role !== "viewer" && person.id !== user && !known.has(person.id))
    .map(({ user: person }) => ({ id: person.id, name: person.name || person.username }));
  const people = [...near, ...others];
  const [chosen, setChosen] = useState<number | null>(null);
  const [text, setText] = useState("");
  const person = chosen ?? people[0]?.id;
  const ready = person !== undefined && text.trim() !== "";
  const send = () => ready && onSend(person, text.trim());
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <Dialog title={t("review.sendBackTitle")} onClose={onClose}>
      <form
        className={styles.form}
        onKeyDown={onKeyDown}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <SelectField
          label={t("review.sendTo")}
          value={person ?? ""}
          onChange={(event) => setChosen(Number(event.target.value))}
        >
          {people.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </SelectField>
        <TextArea
          label={t("review.sendText")}
          hint={t("review.sendHint")}
          autoFocus
          maxLength={4000}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" keyHint="Ctrl Enter" disabled={!ready}>
            {t("review.sendBack")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
