import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import { auth } from "../../api/endpoints";
import { keys } from "../../api/queries";
import type { Me } from "../../api/types";
import { Button } from "../../components/Button";
import { TextField } from "../../components/Field";
import { duration } from "../../messages/i18n";
import styles from "./auth.module.css";

/** Seconds left of a wait that the server asked for, counted down. */
function useCountdown(): [number, (seconds: number) => void] {
  const [until, setUntil] = useState(0);
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (!until) return;
    const update = () => setLeft(Math.max(0, Math.ceil((until - Date.now()) / 1000)));
    update();
    const timer = setInterval(update, 500);
    return () => clearInterval(timer);
  }, [until]);
  return [left, (seconds) => setUntil(Date.now() + seconds * 1000)];
}

export function LoginForm({ username = "", onDone }: { username?: string; onDone: (me: Me) => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [name, setName] = useState(username);
  const [password, setPassword] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [wait, setWait] = useCountdown();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const me = await auth.login(name, password);
      client.setQueryData(keys.me, me);
      onDone(me);
    } catch (caught) {
      setError(caught);
      if (caught instanceof ApiError && caught.status === 429) setWait(caught.retryAfter ?? 60);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form className={styles.form} onSubmit={submit}>
      <TextField
        label={t("auth.username")}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        required
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label={t("auth.password")}
        name="password"
        type="password"
        autoComplete="current-password"
        autoFocus={username !== ""}
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {error !== null && (
        <p className={styles.error} role="alert">
          {wait > 0
            ? t("auth.tooMany", { wait: duration(wait) })
            : error instanceof ApiError && error.code === "invalid_credentials"
              ? t("auth.invalid")
              : error instanceof ApiError && error.status !== 0
                ? error.message
                : t("errors.unreachable")}
        </p>
      )}
      <Button type="submit" look="primary" size="l" disabled={busy || wait > 0}>
        {t("auth.signIn")}
      </Button>
    </form>
  );
}
