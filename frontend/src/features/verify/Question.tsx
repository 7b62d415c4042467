import { ArrowDownNarrowWide, ArrowDownWideNarrow, Grid3x3, Sparkles, Square } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { LabelClass } from "../../api/types";
import type { VerifyOverview, VerifyPage } from "../../api/verify";
import { count, percent } from "../../messages/i18n";
import { PickerFace, type PickerProps } from "./PickerFace";
import { leastSize, mostSize, type Settings, sizeStep } from "./settings";
import styles from "./verify.module.css";

const Opening = lazy(() => import("./OpeningPicker"));

/** The class in the question is there at once; the list behind it comes a moment after the page. */
function ClassPicker(props: PickerProps) {
  const [open, setOpen] = useState(false);
  const waiting = (
    <button
      type="button"
      aria-haspopup
      className={styles.picker}
      data-testid="verify-class"
      onClick={() => setOpen(true)}
    >
      <PickerFace {...props} />
    </button>
  );
  return (
    <Suspense fallback={waiting}>
      <Opening {...props} asked={open} />
    </Suspense>
  );
}

/** The slider follows the hand at once; pages are dealt anew when it rests. */
function SizeSlider({ settings, shown }: { settings: Settings; shown: number }) {
  const { t } = useTranslation();
  const [dragged, setDragged] = useState<number | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const value = dragged ?? shown;
  return (
    <span className={styles.size}>
      <Grid3x3 size={16} strokeWidth={1.5} aria-hidden />
      <input
        type="range"
        aria-label={t("verify.size")}
        aria-valuetext={t("verify.sizeIs", { count: value, number: count(value) })}
        min={leastSize}
        max={mostSize}
        step={sizeStep}
        // Large pictures, few of them, are at the right.
        dir="rtl"
        value={value}
        onChange={(event) => {
          const size = Number(event.target.value);
          setDragged(size);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => {
            settings.change({ size });
            setDragged(null);
          }, 250);
        }}
      />
      <Square size={14} strokeWidth={1.5} aria-hidden />
      <span className={styles.sizeNumber} data-testid="verify-size">
        {count(value)}
      </span>
    </span>
  );
}

interface Props {
  overview: VerifyOverview;
  settings: Settings;
  page: VerifyPage | undefined;
  /** Pictures of the class before this person or behind the page, which the overview leaves out. */
  inHand: number;
  /** Pictures may have several classes: a page speaks of one of them. */
  several: boolean;
  label: number | null;
  classes: LabelClass[];
  classOf: (id: number | null) => LabelClass | undefined;
  onLabelPage: (id: number) => void;
}

/** "All of these are coat, except…", and how the pages are made. */
export function Question(props: Props) {
  const { overview, settings, page, inHand, several, label, classes, classOf, onLabelPage } = props;
  const { t } = useTranslation();
  const { wanted, adaptive, change } = settings;
  const cluster = wanted.mode === "cluster";
  const chosen = classOf(cluster ? label : wanted.class);
  const waits = new Map(overview.classes.map((one) => [one.class, one.waiting]));
  const waitsIn = (id: number) => (waits.get(id) ?? 0) + (id === wanted.class ? inHand : 0);
  const entries = classes.map((of) => ({ of, waiting: cluster ? null : waitsIn(of.id) }));
  const here = overview.classes.find((one) => one.class === wanted.class);
  const high = page?.high ?? (cluster ? null : here?.high);
  const low = page?.low ?? (cluster ? null : here?.low);
  const first = wanted.order === "confident";
  const Order = first ? ArrowDownWideNarrow : ArrowDownNarrowWide;
  return (
    <div className={styles.question} data-testid="verify-question">
      <h2>
        <span>{t(cluster ? "verify.clusterIs" : several ? "verify.classShows" : "verify.classIs")}</span>
        <ClassPicker
          chosen={chosen}
          entries={entries}
          label={t("verify.class")}
          empty={t("verify.giveClass")}
          onPick={(id) => (cluster ? onLabelPage(id) : change({ class: id }))}
        />
        <span>{t("verify.except")}</span>
      </h2>
      <div className={styles.make}>
        {!cluster && (
          <button
            type="button"
            className={styles.order}
            data-testid="verify-order"
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => change({ order: first ? "unsure" : "confident" })}
          >
            <Order size={16} strokeWidth={1.5} aria-hidden />
            {t(`verify.order.${wanted.order}`)}
          </button>
        )}
        {typeof high === "number" && typeof low === "number" && (
          <span className={styles.range} title={t("verify.range")}>
            {Math.round(high * 100)}–{percent(low)}
          </span>
        )}
        <i className={styles.bar} aria-hidden />
        <SizeSlider settings={settings} shown={wanted.size ?? page?.size ?? overview.size} />
        {overview.adaptive && (
          <button
            type="button"
            className={styles.adaptive}
            aria-pressed={adaptive}
            aria-label={t("verify.adaptive")}
            title={t("verify.adaptiveWhy")}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => change({ size: adaptive ? (page?.size ?? overview.size) : null })}
          >
            <Sparkles size={14} strokeWidth={1.5} aria-hidden />
            <span>{t("verify.adaptive")}</span>
          </button>
        )}
      </div>
    </div>
  );
}
