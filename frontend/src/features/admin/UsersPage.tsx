import { type UseMutationResult, useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { users } from "../../api/endpoints";
import { keys, useMe, useUsers } from "../../api/queries";
import type { Account } from "../../api/types";
import { Button } from "../../components/Button";
import { Confirm } from "../../components/Dialog";
import { TextField } from "../../components/Field";
import { Card, Failure, FormError, formErrors, PageHead } from "../../components/Page";
import { dateTime } from "../../messages/i18n";
import styles from "./admin.module.css";
import { ResetPassword } from "./ResetPassword";

const blank = { username: "", name: "", password: "", is_admin: false };

function NewUser() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [draft, setDraft] = useState(blank);
  const create = useMutation({
    mutationFn: () => users.create(draft),
    onSuccess: () => {
      setDraft(blank);
      void client.invalidateQueries({ queryKey: keys.users });
    },
  });
  const { fields } = formErrors(create.error);
  const set = (part: Partial<typeof blank>) => setDraft((old) => ({ ...old, ...part }));
  return (
    <Card title={t("users.new")}>
      <form
        className={styles.form}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <TextField
          label={t("auth.username")}
          required
          autoComplete="off"
          value={draft.username}
          errors={fields.username}
          onChange={(event) => set({ username: event.target.value })}
        />
        <TextField
          label={t("users.name")}
          value={draft.name}
          errors={fields.name}
          onChange={(event) => set({ name: event.target.value })}
        />
        <TextField
          label={t("auth.password")}
          type="password"
          required
          autoComplete="new-password"
          value={draft.password}
          errors={fields.password}
          onChange={(event) => set({ password: event.target.value })}
        />
        <label className={styles.check}>
          <input
            type="checkbox"
            checked={draft.is_admin}
            onChange={(event) => set({ is_admin: event.target.checked })}
          />
          {t("users.admin")}
        </label>
        <FormError error={create.error} />
        <div>
          <Button type="submit" look="primary" disabled={create.isPending}>
            {t("users.create")}
          </Button>
        </div>
      </form>
    </Card>
  );
}

type Update = UseMutationResult<unknown, Error, { id: number; change: Partial<Account> }>;

function UserRow({ account, self, update }: { account: Account; self: boolean; update: Update }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState<"reset" | "deactivate" | null>(null);
  const change = (part: Partial<Account>) => update.mutate({ id: account.id, change: part });
  const close = () => setAsking(null);
  return (
    <tr data-testid="user-row" data-off={account.is_active ? undefined : true}>
      <td>
        {account.username}
        {account.name && account.name !== account.username && (
          <span className={styles.second}> {account.name}</span>
        )}
        {!account.is_active && <span className={styles.chip}>{t("users.off")}</span>}
      </td>
      <td>{account.last_login ? dateTime(account.last_login) : t("users.never")}</td>
      <td>
        <input
          type="checkbox"
          aria-label={t("users.adminOf", { name: account.username })}
          checked={account.is_admin}
          disabled={self || update.isPending}
          onChange={(event) => change({ is_admin: event.target.checked })}
        />
      </td>
      <td className={styles.acts}>
        {account.is_active && !self && (
          <Button size="s" look="quiet" onClick={() => setAsking("reset")}>
            {t("users.reset")}
          </Button>
        )}
        {!self && (
          <Button
            size="s"
            look="quiet"
            disabled={update.isPending}
            onClick={() => (account.is_active ? setAsking("deactivate") : change({ is_active: true }))}
          >
            {account.is_active ? t("users.deactivate") : t("users.activate")}
          </Button>
        )}
        {asking === "reset" && <ResetPassword account={account} onClose={close} />}
        {asking === "deactivate" && (
          <Confirm
            title={t("users.deactivateTitle", { name: account.username })}
            text={t("users.deactivateText")}
            action={t("users.deactivate")}
            onConfirm={() => {
              change({ is_active: false });
              close();
            }}
            onClose={close}
          />
        )}
      </td>
    </tr>
  );
}

/** The people of this installation, for its admins. */
export function UsersPage() {
  const { t } = useTranslation();
  const { data: me } = useMe();
  const { data, error, refetch } = useUsers();
  const client = useQueryClient();
  const update = useMutation({
    mutationFn: ({ id, change }: { id: number; change: Partial<Account> }) => users.update(id, change),
    onSettled: () => client.invalidateQueries({ queryKey: keys.users }),
  });
  return (
    <main className={styles.page}>
      <PageHead title={t("users.title")} />
      {error && <Failure error={error} retry={() => void refetch()} />}
      <FormError error={update.error} />
      {data && (
        <Card>
          <table className={styles.table}>
            <thead>
              <tr>
                <th>{t("auth.username")}</th>
                <th>{t("users.lastSeen")}</th>
                <th>{t("users.admin")}</th>
                <th>
                  <span className="visually-hidden">{t("users.deactivate")}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {data.map((account) => (
                <UserRow
                  key={account.id}
                  account={account}
                  self={account.id === me?.user?.id}
                  update={update}
                />
              ))}
            </tbody>
          </table>
        </Card>
      )}
      {data && <NewUser />}
    </main>
  );
}
