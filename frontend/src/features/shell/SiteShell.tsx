import type { ReactNode } from "react";
import { Link, Outlet } from "react-router";
import { Logo } from "../../components/Logo";
import styles from "./shell.module.css";
import { UserMenu } from "./UserMenu";

/** The frame of pages that belong to no project: projects, account, users. */
export function SiteShell({ bell }: { bell: ReactNode }) {
  return (
    <div className={styles.site}>
      <header className={styles.siteBar}>
        <Link to="/">
          <Logo /> Annotator
        </Link>
        <div className={styles.siteRight}>
          {bell}
          <UserMenu compact={false} />
        </div>
      </header>
      <Outlet />
    </div>
  );
}
