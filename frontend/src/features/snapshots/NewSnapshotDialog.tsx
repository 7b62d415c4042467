import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type MinTrust, snapshots, splits } from "../../api/datasets";
import { Button } from "../../components/Button";
import { Dialog, DialogActions } from "../../components/Dialog";
import { CheckField, ChoiceField, SelectField, TextField } from "../../components/Field";
import { FormError, formErrors } from "../../components/Page";
import { showToast } from "../../components/toasts";
import { trustNames } from "../../components/trust";
import { draftOf, emptyForm, type Form, sumOf, wrongIn } from "./draft";
import styles from "./snapshots.module.css";

const trusted = trustNames.filter((name): name is MinTrust => name !== "none");

function Splits({
  form,
  set,
  wrong,
}: {
  form: Form;
  set: (change: Partial<Form>) => void;
  wrong?: string[];
}) {
  const { t } = useTranslation();
  return (
    <>
      <ChoiceField
        label={t("snapshots.splits")}
        choices={[
          { value: "shares", title: t("snapshots.byShares"), text: t("snapshots.bySharesText") },
          { value: "imported", title: t("snapshots.imported"), text: t("snapshots.importedText") },
        ]}
        value={form.imported ? "imported" : "shares"}
        onChange={(value) => set({ imported: value === "imported" })}
      />
      {!form.imported && (
        <>
          <div className={styles.three}>
            {splits.map((name) => (
              <TextField
                key={name}
                label={`${t(`snapshots.split.${name}`)} %`}
                inputMode="decimal"
                value={form.shares[name]}
                aria-invalid={wrong ? true : undefined}
                onChange={(event) => set({ shares: { ...form.shares, [name]: event.target.value } })}
              />
            ))}
          </div>
          {wrong && (
            <p className={styles.wrong} role="alert">
              {wrong.join(" ")}
            </p>
          )}
        </>
      )}
    </>
  );
}

/** Asks what is to be frozen, and starts it. */
export function NewSnapshotDialog({ project, onClose }: { project: number; onClose: () => void }) {
  const { t } = useTranslation();
  const [form, setForm] = useState<Form>(emptyForm);
  const [tried, setTried] = useState(false);
  const set = (change: Partial<Form>) => setForm({ ...form, ...change });
  const create = useMutation({
    mutationFn: () => snapshots.create(project, draftOf(form)),
    onSuccess: () => {
      showToast(t("snapshots.started"));
      onClose();
    },
  });
  const wrong = wrongIn(form);
  const { fields } = formErrors(create.error);
  const say = (name: keyof typeof wrong, server: string) => {
    const found = tried ? wrong[name] : undefined;
    if (found) return [t(`snapshots.wrong.${found}`, { sum: sumOf(form.shares) })];
    return fields[server];
  };
  return (
    <Dialog title={t("snapshots.new")} onClose={onClose}>
      <form
        className={styles.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (Object.keys(wrong).length === 0) create.mutate();
        }}
      >
        <p className={styles.hint}>{t("snapshots.newText")}</p>
        <TextField
          label={t("snapshots.name")}
          placeholder={t("snapshots.nameExample")}
          maxLength={200}
          value={form.name}
          errors={fields.name}
          onChange={(event) => set({ name: event.target.value })}
        />
        <SelectField
          label={t("snapshots.minTrust")}
          hint={t("snapshots.minTrustHint")}
          value={form.minTrust}
          onChange={(event) => set({ minTrust: event.target.value as MinTrust })}
        >
          {trusted.map((name) => (
            <option key={name} value={name}>
              {t(`trust.${name}`)}
            </option>
          ))}
        </SelectField>
        <CheckField
          label={t("snapshots.includeCertified")}
          checked={form.certified}
          onChange={(certified) => set({ certified })}
        />
        <div className={styles.two}>
          <TextField
            label={t("snapshots.least")}
            hint={t("snapshots.leastHint")}
            inputMode="numeric"
            value={form.least}
            errors={say("least", "min_per_class")}
            onChange={(event) => set({ least: event.target.value })}
          />
          <TextField
            label={t("snapshots.most")}
            hint={t("snapshots.mostHint")}
            inputMode="numeric"
            value={form.most}
            errors={say("most", "max_per_class")}
            onChange={(event) => set({ most: event.target.value })}
          />
        </div>
        <Splits form={form} set={set} wrong={say("shares", "splits")} />
        <p className={styles.hint}>{t("snapshots.blindHint")}</p>
        <FormError error={create.error} />
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button look="primary" type="submit" disabled={create.isPending}>
            {t("snapshots.make")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
