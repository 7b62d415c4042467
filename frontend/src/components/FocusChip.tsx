import { Crosshair } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { current, type Focus, useFocuses } from "../api/focus";
import { useClasses, useMe } from "../api/queries";
import { count } from "../messages/i18n";
import styles from "./FocusChip.module.css";
import { useFocusWords } from "./focusWords";
import { useProjectContext } from "./useProjectContext";

const FocusDialog = lazy(() => import("./FocusDialog"));

function Words({ focus }: { focus: Focus }) {
  const { t } = useTranslation();
  const { data: classes = [] } = useClasses(useProjectContext().id);
  const about = useFocusWords(classes)(focus);
  if (focus.waiting === 0) return <>{t("focus.exhausted", { about })}</>;
  return (
    <>
      {about} <b>{t("focus.left", { count: focus.waiting, number: count(focus.waiting) })}</b>
    </>
  );
}

/** The focus that the signed-in person's pictures come from, if any. */
function useCurrentFocus(): Focus | null {
  const { data: me } = useMe();
  const { data } = useFocuses(useProjectContext().id);
  return data && me?.user ? current(data.results, me.user.id) : null;
}

/** What the queue is pointed at in plain words, or else what is put between. */
export function FocusNote({ children }: { children: ReactNode }) {
  const found = useCurrentFocus();
  return found ? <Words focus={found} /> : children;
}

/** A quiet word on what the queue is pointed at; for a lead also the way to point it. */
export function FocusChip() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const [open, setOpen] = useState(false);
  const found = useCurrentFocus();
  const lead = project.role === "lead";
  if (!lead && !found) return null;
  const inside = (
    <>
      <Crosshair size={14} strokeWidth={1.5} aria-hidden />
      <span className={styles.words}>{found ? <Words focus={found} /> : t("focus.point")}</span>
    </>
  );
  const state = found ? (found.waiting > 0 ? "on" : "done") : undefined;
  return (
    <>
      {lead ? (
        <button
          type="button"
          className={styles.chip}
          data-state={state}
          data-testid="focus-chip"
          title={t("focus.point")}
          onClick={() => setOpen(true)}
        >
          {inside}
        </button>
      ) : (
        <span className={styles.chip} data-state={state} data-testid="focus-chip">
          {inside}
        </span>
      )}
      {open && (
        <Suspense fallback={null}>
          <FocusDialog project={project.id} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
