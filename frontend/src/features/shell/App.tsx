import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Outlet, useNavigate } from "react-router";
import { listenToKeys } from "../../commands/keyboard";
import { type Command, registry } from "../../commands/registry";
import { useCommands } from "../../commands/useCommands";
import { showOverlay, useOverlay } from "../../components/overlays";
import { Toaster } from "../../components/Toaster";
import { setTheme } from "../../components/theme";
import { setLanguage } from "../../messages/i18n";
import { KeyboardDialog } from "./KeyboardDialog";
import { KeysSheet } from "./KeysSheet";
import { Palette } from "./Palette";
import { useOwnKeys } from "./useOwnKeys";

function useAppCommands(): void {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const commands = useMemo<Command[]>(() => {
    const group = t("nav.app");
    const dark = () => document.documentElement.dataset.theme === "dark";
    return [
      {
        id: "app.palette",
        label: t("nav.search"),
        group,
        keys: ["mod+k"],
        everywhere: true,
        hidden: true,
        run: () => showOverlay("palette"),
      },
      { id: "app.keys", label: t("keys.title"), group, keys: ["?"], run: () => showOverlay("keys") },
      { id: "app.keyboard", label: t("keys.settings"), group, run: () => showOverlay("keyboard") },
      { id: "app.projects", label: t("projects.title"), group, run: () => navigate("/") },
      { id: "app.new", label: t("projects.new"), group, run: () => navigate("/projects/new") },
      { id: "app.account", label: t("account.title"), group, run: () => navigate("/account") },
      { id: "app.theme", label: t("theme.toggle"), group, run: () => setTheme(dark() ? "light" : "dark") },
      { id: "app.english", label: "English", group, run: () => void setLanguage("en") },
      { id: "app.chinese", label: "简体中文", group, run: () => void setLanguage("zh-CN") },
    ];
  }, [t, navigate]);
  useCommands(commands);
}

/** What is there on every page: keys, palette, key sheet and messages. */
export function App() {
  const overlay = useOverlay();
  useAppCommands();
  useOwnKeys();
  useEffect(() => listenToKeys(registry), []);
  return (
    <>
      <Outlet />
      {overlay === "palette" && <Palette />}
      {overlay === "keys" && <KeysSheet />}
      {overlay === "keyboard" && <KeyboardDialog />}
      <Toaster />
    </>
  );
}
