import { Check, TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { VerifyOverview } from "../../api/verify";
import { KeyHint } from "../../components/KeyCaps";
import { count, percent } from "../../messages/i18n";
import styles from "./bar.module.css";
import type { DeskView } from "./desk";
import type { SenderStatus } from "./sender";

function SavedWord({ sender, number }: { sender: SenderStatus; number: number | undefined }) {
  const { t } = useTranslation();
  const words = {
    saved: number ? t("verify.pageSaved", { number }) : t("status.saved"),
    saving: t("verify.pagesSaving", { count: sender.pending }),
    unreachable: t("verify.pagesKept", { count: sender.pending }),
    "signed-out": t("status.signedOut", { count: sender.pending }),
    refused: t("status.refused", { count: sender.pending }),
  };
  return (
    <span className={styles.saved} data-state={sender.state} data-testid="verify-saved">
      {words[sender.state]}
    </span>
  );
}

/** How the planted pictures of the last page were found, and a way to see those that were not. */
function Gold({ view, onSee }: { view: DeskView; onSee: () => void }) {
  const { t } = useTranslation();
  const gold = view.saved?.reply.gold;
  if (!gold?.planted) return null;
  const found = gold.planted - gold.missed;
  const all = gold.missed === 0;
  const Icon = all ? Check : TriangleAlert;
  return (
    <span className={styles.gold} data-tone={all ? "good" : "warn"} data-testid="verify-gold" role="status">
      <Icon size={14} strokeWidth={1.5} aria-hidden />
      {t("verify.planted", { count: gold.planted, found, number: gold.planted })}
      {gold.shown.length > 0 && (
        <button
          type="button"
          className={styles.link}
          onMouseDown={(event) => event.preventDefault()}
          onClick={onSee}
        >
          {t("verify.seeMissed")}
        </button>
      )}
    </span>
  );
}

function Misses({ overview }: { overview: VerifyOverview }) {
  const { t } = useTranslation();
  const { planted, rate, low, high } = overview.miss;
  if (!planted) return null;
  return (
    <span title={t("verify.missWhy", { count: planted, number: count(planted) })} data-testid="verify-miss">
      {t("verify.missed")} <b>{percent(rate)}</b> ({Math.round(low * 100)}–{percent(high)})
    </span>
  );
}

function Hints() {
  const { t } = useTranslation();
  return (
    <span className={styles.hints} aria-hidden>
      {["up", "down", "left", "right"].map((way) => (
        <KeyHint key={way} command={`verify.${way}`} />
      ))}
      <span>{t("verify.hintMove")}</span>
      <KeyHint command="verify.mark" />
      <span>{t("verify.hintExcept")}</span>
      <kbd>{t("verify.letter")}</kbd>
      <span>{t("verify.hintClass")}</span>
      <KeyHint command="verify.closer" />
      <span>{t("verify.hintCloser")}</span>
    </span>
  );
}

interface Props {
  overview: VerifyOverview;
  view: DeskView;
  sender: SenderStatus;
  narrow: boolean;
  /** The table of misses: of everybody, or one's own. */
  onMisses: () => void;
  onGold: () => void;
}

/** The quiet line at the bottom: what was saved, what it came to, and what is being missed. */
export function StatusLine({ overview, view, sender, narrow, onMisses, onGold }: Props) {
  const { t } = useTranslation();
  const { today } = overview;
  const labels = today.labels + sender.pictures;
  const pages = today.pages + (sender.pictures ? Math.sign(sender.pictures) * sender.pending : 0);
  return (
    <footer className={styles.status} data-testid="verify-status">
      <SavedWord sender={sender} number={view.saved?.number} />
      {!narrow && (
        <>
          <span
            className={styles.today}
            title={t("verify.looks", { count: today.looks, number: count(today.looks) })}
          >
            <b data-testid="verify-today">{count(labels)}</b> {t("verify.todayOn")} <b>{count(pages)}</b>{" "}
            {t("verify.onPages", { count: pages })}
          </span>
          <span className={styles.aPage}>
            {pages > 0 && (
              <>
                <b>{count(Math.round(labels / pages))}</b> {t("verify.aPage")}
              </>
            )}
          </span>
        </>
      )}
      <span className={styles.misses}>
        <Misses overview={overview} />
      </span>
      <button type="button" className={styles.link} onClick={onMisses}>
        {t("verify.missesOpen")}
      </button>
      <span className={styles.gap} />
      <Gold view={view} onSee={onGold} />
      {!narrow && <Hints />}
    </footer>
  );
}
