import { useTranslation } from "react-i18next";
import { Navigate, useNavigate, useSearchParams } from "react-router";
import { useMe } from "../../api/queries";
import { Logo } from "../../components/Logo";
import { currentLanguage, type Language, languages, setLanguage } from "../../messages/i18n";
import styles from "./auth.module.css";
import { LoginForm } from "./LoginForm";

/** Only paths of this site, so that a crafted link cannot send people elsewhere after signing in. */
export function safeNext(next: string | null): string {
  return next && /^\/(?![/\\])/.test(next) ? next : "/";
}

export function LoginPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [query] = useSearchParams();
  const { data: me } = useMe();
  const next = safeNext(query.get("next"));
  if (me?.user) return <Navigate to={next} replace />;
  const other = (Object.keys(languages) as Language[]).find((language) => language !== currentLanguage());
  return (
    <main className={styles.page}>
      <div className={styles.box}>
        <h1 className={styles.brand}>
          <Logo size={24} /> Annotator
        </h1>
        <p className={styles.lead}>{t("auth.lead")}</p>
        <LoginForm onDone={() => navigate(next, { replace: true })} />
        <footer className={styles.foot}>
          <span>{me?.version}</span>
          {other && (
            <button type="button" lang={other} onClick={() => void setLanguage(other)}>
              {languages[other]}
            </button>
          )}
        </footer>
      </div>
    </main>
  );
}
