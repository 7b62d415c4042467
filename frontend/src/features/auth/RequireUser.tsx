import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, Outlet, useLocation } from "react-router";
import { onSignedOut } from "../../api/client";
import { keys, useMe } from "../../api/queries";
import type { Me, User } from "../../api/types";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Failure } from "../../components/Page";
import { LoginForm } from "./LoginForm";

/**
 * Lets signed-in people through. When a session ends in the middle of work, the page stays as it is
 * and asks for the password on top, so that nothing typed or queued is lost.
 */
export function RequireUser() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const location = useLocation();
  const { data: me, error, refetch } = useMe();
  const last = useRef<User | null>(null);
  if (me?.user) last.current = me.user;

  useEffect(
    () =>
      onSignedOut(() =>
        client.setQueryData<Me>(keys.me, (old) => ({ user: null, version: old?.version ?? "" })),
      ),
    [client],
  );

  if (error && !me) return <Failure error={error} retry={() => void refetch()} />;
  if (!me) return null;
  if (!me.user && !last.current) {
    const next = encodeURIComponent(location.pathname + location.search);
    return <Navigate to={`/login?next=${next}`} replace />;
  }
  const before = last.current;
  return (
    <>
      <Outlet />
      {!me.user && before && (
        <Dialog title={t("auth.expired")} onClose={() => {}} dismissable={false}>
          <LoginForm
            username={before.username}
            onDone={(now) => {
              if (now.user?.id !== before.id) window.location.assign("/");
              else void client.invalidateQueries();
            }}
          />
          <Button look="quiet" onClick={() => window.location.assign("/login")}>
            {t("auth.leave")}
          </Button>
        </Dialog>
      )}
    </>
  );
}
