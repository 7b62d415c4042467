import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { auth } from "../../api/endpoints";
import { useMe } from "../../api/queries";
import { Menu } from "../../components/Menu";
import { setTheme, type ThemeChoice, useThemeChoice } from "../../components/theme";
import { currentLanguage, type Language, languages, setLanguage } from "../../messages/i18n";
import styles from "./shell.module.css";

export function Avatar({ initials }: { initials: string }) {
  return (
    <span className={styles.avatar} aria-hidden>
      {initials}
    </span>
  );
}

export function UserMenu({ compact }: { compact: boolean }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const client = useQueryClient();
  const theme = useThemeChoice();
  const { data } = useMe();
  const user = data?.user;
  if (!user) return null;
  const signOut = async () => {
    await auth.logout();
    client.clear();
    window.location.assign("/login");
  };
  return (
    <Menu
      label={t("nav.user", { name: user.name || user.username })}
      named={!compact}
      className={styles.item}
      trigger={
        <>
          <Avatar initials={user.initials} />
          {!compact && <span className={styles.itemText}>{user.name || user.username}</span>}
        </>
      }
      groups={[
        {
          id: "people",
          entries: [
            { id: "account", label: t("account.title"), run: () => navigate("/account") },
            ...(user.is_admin
              ? [
                  { id: "users", label: t("users.title"), run: () => navigate("/users") },
                  { id: "workers", label: t("workers.title"), run: () => navigate("/workers") },
                  { id: "storage", label: t("storage.title"), run: () => navigate("/storage") },
                ]
              : []),
          ],
        },
        {
          id: "theme",
          title: t("theme.title"),
          entries: (["system", "light", "dark"] as ThemeChoice[]).map((choice) => ({
            id: `theme-${choice}`,
            label: t(`theme.${choice}`),
            checked: choice === theme,
            run: () => setTheme(choice),
          })),
        },
        {
          id: "language",
          title: t("language.title"),
          entries: (Object.keys(languages) as Language[]).map((language) => ({
            id: `language-${language}`,
            label: languages[language],
            checked: language === currentLanguage(),
            run: () => void setLanguage(language),
          })),
        },
        { id: "leave", entries: [{ id: "logout", label: t("nav.signOut"), run: () => void signOut() }] },
      ]}
    />
  );
}
