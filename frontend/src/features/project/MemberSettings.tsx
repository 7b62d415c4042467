import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { members } from "../../api/endpoints";
import { keys, useMembers } from "../../api/queries";
import type { Role } from "../../api/types";
import { Button } from "../../components/Button";
import { SelectField, TextField } from "../../components/Field";
import { Card, Failure, FormError, formErrors } from "../../components/Page";
import { useProjectContext } from "../../components/useProjectContext";
import styles from "./project.module.css";
import { RetractDialog } from "./RetractDialog";

const roles: Role[] = ["viewer", "annotator", "reviewer", "lead"];

function AddMember({ projectId }: { projectId: number }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [username, setUsername] = useState("");
  const [role, setRole] = useState<Role>("annotator");
  const add = useMutation({
    mutationFn: () => members.add(projectId, username.trim(), role),
    onSuccess: () => {
      setUsername("");
      void client.invalidateQueries({ queryKey: keys.members(projectId) });
    },
  });
  const { fields } = formErrors(add.error);
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <div className={styles.addRow}>
        <TextField
          label={t("auth.username")}
          required
          value={username}
          errors={fields.username}
          onChange={(event) => setUsername(event.target.value)}
        />
        <SelectField
          label={t("members.role")}
          value={role}
          onChange={(event) => setRole(event.target.value as Role)}
        >
          {roles.map((one) => (
            <option key={one} value={one}>
              {t(`roles.${one}`)}
            </option>
          ))}
        </SelectField>
        <Button type="submit" size="l" disabled={add.isPending}>
          {t("members.add")}
        </Button>
      </div>
      <p className={styles.hint}>{t(`roles.${role}Text`)}</p>
      <FormError error={add.error} />
    </form>
  );
}

export function MemberSettings() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const project = useProjectContext();
  const { data, error, refetch } = useMembers(project.id);
  const leads = project.role === "lead";
  const [retracting, setRetracting] = useState<number | null>(null);
  const author = data?.find(({ user }) => user.id === retracting)?.user;
  const refresh = () => client.invalidateQueries({ queryKey: keys.members(project.id) });
  const update = useMutation({
    mutationFn: (change: { user: number; role: Role }) =>
      members.update(project.id, change.user, change.role),
    onSettled: refresh,
  });
  const remove = useMutation({
    mutationFn: (user: number) => members.remove(project.id, user),
    onSettled: refresh,
  });
  return (
    <Card title={t("settings.members")}>
      {error && <Failure error={error} retry={() => void refetch()} />}
      <table className={styles.table}>
        <thead>
          <tr>
            <th>{t("members.name")}</th>
            <th>{t("members.role")}</th>
            <th>
              <span className="visually-hidden">{t("members.remove")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {data?.map(({ user, role }) => (
            <tr key={user.id}>
              <td>{user.name || user.username}</td>
              <td>
                <select
                  aria-label={t("members.roleOf", { name: user.username })}
                  value={role}
                  disabled={!leads}
                  onChange={(event) => update.mutate({ user: user.id, role: event.target.value as Role })}
                >
                  {roles.map((one) => (
                    <option key={one} value={one}>
                      {t(`roles.${one}`)}
                    </option>
                  ))}
                </select>
              </td>
              <td>
                {leads && (
                  <>
                    <Button size="s" look="quiet" onClick={() => setRetracting(user.id)}>
                      {t("members.retract")}
                    </Button>
                    <Button size="s" look="quiet" onClick={() => remove.mutate(user.id)}>
                      {t("members.remove")}
                    </Button>
                  </>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <FormError error={update.error ?? remove.error} />
      {author && (
        <RetractDialog
          project={project.id}
          user={{ id: author.id, name: author.name || author.username }}
          onClose={() => setRetracting(null)}
        />
      )}
      {leads && <AddMember projectId={project.id} />}
    </Card>
  );
}
