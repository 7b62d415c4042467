/** Own keys between the registry, where they work at once, and the server, which keeps them for every machine. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { preferences } from "../../api/preferences";
import { keys, useMe } from "../../api/queries";
import type { Me } from "../../api/types";
import { type Keymap, readKeymap } from "../../commands/keymap";
import { registry } from "../../commands/registry";
import { showToast } from "../../components/toasts";

/** Gives the registry the keys of whoever is signed in. */
export function useOwnKeys(): void {
  const { data: me } = useMe();
  const kept = me?.user?.preferences;
  useEffect(() => {
    // A session that ends in the middle of work keeps its keys.
    if (kept) registry.setKeymap(readKeymap(kept));
  }, [kept]);
}

/** Sets own keys at once and keeps them on the server; says when that failed. */
export function useSaveKeymap(): (keymap: Keymap) => void {
  const { t } = useTranslation();
  const client = useQueryClient();
  return useCallback(
    (keymap) => {
      registry.setKeymap(keymap);
      preferences.change({ keys: keymap.keys, letters: keymap.letters }).then(
        (kept) =>
          client.setQueryData<Me>(keys.me, (me) =>
            me?.user ? { ...me, user: { ...me.user, preferences: kept } } : me,
          ),
        () => showToast(t("keys.notSaved"), { tone: "bad" }),
      );
    },
    [client, t],
  );
}
