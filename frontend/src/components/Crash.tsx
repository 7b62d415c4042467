import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { isRouteErrorResponse, useRouteError } from "react-router";
import { Button, LinkButton } from "./Button";
import styles from "./Crash.module.css";

export function Lost({ title, text }: { title?: string; text?: string }) {
  const { t } = useTranslation();
  return (
    <main className={styles.page}>
      <h1>{title ?? t("errors.notFoundTitle")}</h1>
      <p>{text ?? t("errors.notFoundText")}</p>
      <div className={styles.actions}>
        <LinkButton to="/" look="primary">
          {t("errors.toProjects")}
        </LinkButton>
      </div>
    </main>
  );
}

function Broken({ detail }: { detail: string }) {
  const { t } = useTranslation();
  return (
    <main className={styles.page} role="alert">
      <h1>{t("errors.crashTitle")}</h1>
      <p>{t("errors.crashText")}</p>
      <div className={styles.actions}>
        <Button look="primary" onClick={() => window.location.reload()}>
          {t("errors.reload")}
        </Button>
        <Button onClick={() => window.location.assign("/")}>{t("errors.toProjects")}</Button>
      </div>
      <pre>{detail}</pre>
    </main>
  );
}

/** What a route shows when it failed: not found, or broken with a way out. */
export function RouteError() {
  const error = useRouteError();
  if (isRouteErrorResponse(error) && error.status === 404) return <Lost />;
  return <Broken detail={error instanceof Error ? error.message : String(error)} />;
}

/** The last net under everything else. */
export class Crash extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state = { error: null as Error | null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    return this.state.error ? <Broken detail={this.state.error.message} /> : this.props.children;
  }
}
