import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { auth } from "../../api/endpoints";
import { keys, useTokens } from "../../api/queries";
import { Button } from "../../components/Button";
import { TextField } from "../../components/Field";
import { showOverlay } from "../../components/overlays";
import { Card, Failure, FormError, formErrors, PageHead } from "../../components/Page";
import { showToast } from "../../components/toasts";
import { dateTime } from "../../messages/i18n";
import styles from "./auth.module.css";

function PasswordCard() {
  const { t } = useTranslation();
  const [before, setBefore] = useState("");
  const [after, setAfter] = useState("");
  const change = useMutation({
    mutationFn: () => auth.changePassword(before, after),
    onSuccess: () => {
      setBefore("");
      setAfter("");
      showToast(t("account.passwordChanged"), { tone: "good" });
    },
  });
  const { fields } = formErrors(change.error);
  return (
    <Card title={t("account.password")}>
      <form
        className={`${styles.form} ${styles.narrow}`}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <TextField
          label={t("account.oldPassword")}
          type="password"
          autoComplete="current-password"
          required
          value={before}
          errors={fields.old_password}
          onChange={(event) => setBefore(event.target.value)}
        />
        <TextField
          label={t("account.newPassword")}
          type="password"
          autoComplete="new-password"
          required
          value={after}
          errors={fields.new_password}
          onChange={(event) => setAfter(event.target.value)}
        />
        <FormError error={change.error} />
        <div>
          <Button type="submit" disabled={change.isPending}>
            {t("account.changePassword")}
          </Button>
        </div>
      </form>
    </Card>
  );
}

function TokensCard() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { data: tokens, error } = useTokens();
  const [name, setName] = useState("");
  const refresh = () => client.invalidateQueries({ queryKey: keys.tokens });
  const create = useMutation({
    mutationFn: () => auth.createToken(name),
    onSuccess: () => {
      setName("");
      void refresh();
    },
  });
  const remove = useMutation({ mutationFn: auth.deleteToken, onSuccess: refresh });
  return (
    <Card title={t("account.tokens")}>
      <p className={styles.hint}>{t("account.tokensHint")}</p>
      {error && <Failure error={error} />}
      {create.data?.token && (
        <div className={styles.secret} data-testid="new-token">
          <p>{t("account.tokenOnce")}</p>
          <code>{create.data.token}</code>
        </div>
      )}
      {tokens && tokens.length > 0 && (
        <table className={styles.tokens}>
          <thead>
            <tr>
              <th>{t("account.tokenName")}</th>
              <th>{t("account.tokenStart")}</th>
              <th>{t("common.created")}</th>
              <th>
                <span className="visually-hidden">{t("account.revoke")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {tokens.map((token) => (
              <tr key={token.id}>
                <td>{token.name}</td>
                <td>
                  <code>{token.prefix}…</code>
                </td>
                <td>{dateTime(token.created_at)}</td>
                <td>
                  <Button size="s" look="danger" onClick={() => remove.mutate(token.id)}>
                    {t("account.revoke")}
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <form
        className={styles.row}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <TextField
          label={t("account.newToken")}
          placeholder={t("account.newTokenExample")}
          required
          value={name}
          errors={formErrors(create.error).fields.name}
          onChange={(event) => setName(event.target.value)}
        />
        <Button type="submit" size="l" disabled={create.isPending}>
          {t("account.createToken")}
        </Button>
      </form>
      <FormError error={create.error} />
    </Card>
  );
}

function KeysCard() {
  const { t } = useTranslation();
  return (
    <Card title={t("keys.settings")}>
      <p className={styles.hint}>{t("account.keysHint")}</p>
      <div>
        <Button onClick={() => showOverlay("keyboard")}>{t("keys.change")}</Button>
      </div>
    </Card>
  );
}

export function AccountPage() {
  const { t } = useTranslation();
  return (
    <main className={styles.account}>
      <PageHead title={t("account.title")} />
      <PasswordCard />
      <KeysCard />
      <TokensCard />
    </main>
  );
}
