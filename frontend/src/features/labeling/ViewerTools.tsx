import { Columns2, Contrast, Maximize, Minimize, RotateCw, Sun } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { DeskButton } from "./DeskButton";
import { toggleFullscreen, useFullscreen } from "./fullscreen";
import { type Look, lookRange, plainLook } from "./viewer";
import type { Viewer } from "./viewerState";
import styles from "./viewertools.module.css";

export function useViewer(viewer: Viewer) {
  return useSyncExternalStore(viewer.subscribe, viewer.read);
}

/** A small panel under its button: Escape, another click or the button itself closes it. */
function Drop({
  label,
  icon,
  on,
  children,
}: {
  label: string;
  icon: ReactNode;
  on: boolean;
  children: ReactNode;
}) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    root.current?.querySelector("input")?.focus();
    const outside = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    window.addEventListener("pointerdown", outside);
    return () => window.removeEventListener("pointerdown", outside);
  }, [open]);
  return (
    <div ref={root} className={styles.drop}>
      <DeskButton
        className={styles.tool}
        aria-label={label}
        title={label}
        aria-expanded={open}
        data-on={on || undefined}
        onClick={() => setOpen(!open)}
      >
        {icon}
      </DeskButton>
      {open && (
        <div
          className={styles.panel}
          role="dialog"
          aria-label={label}
          onKeyDown={(event) => {
            if (event.key === "Escape" || event.key === "Enter") setOpen(false);
          }}
        >
          {children}
        </div>
      )}
    </div>
  );
}

function Slider({
  label,
  value,
  onChange,
}: {
  label: string;
  value: number;
  onChange: (value: number) => void;
}) {
  return (
    <label className={styles.slider}>
      <span>
        {label} <output>{Math.round(value * 100)}</output>
      </span>
      <input
        type="range"
        min={lookRange.least}
        max={lookRange.most}
        step={lookRange.step}
        value={value}
        onChange={(event) => onChange(Number(event.target.value))}
      />
    </label>
  );
}

function ResetLook({ viewer, look }: { viewer: Viewer; look: Look }) {
  const { t } = useTranslation();
  const plain = look.brightness === 1 && look.contrast === 1 && !look.invert;
  return (
    <button type="button" className={styles.reset} disabled={plain} onClick={() => viewer.setLook(plainLook)}>
      {t("viewer.resetLook")}
    </button>
  );
}

function FitSwitch({ viewer, mode }: { viewer: Viewer; mode: string }) {
  const { t } = useTranslation();
  return (
    <span className={styles.fit}>
      <DeskButton aria-pressed={mode === "fit"} onClick={viewer.fit}>
        {t("label.fit")}
      </DeskButton>
      <DeskButton aria-pressed={mode === "actual"} onClick={viewer.actual}>
        1:1
      </DeskButton>
    </span>
  );
}

/** What can be done to the view of the picture, in the top bar. `onSimilar` is missing where look-alikes would be a hint. */
export function ViewerTools({ viewer, onSimilar }: { viewer: Viewer; onSimilar?: () => void }) {
  const { t } = useTranslation();
  const { mode, turn, look } = useViewer(viewer);
  const full = useFullscreen();
  const icon = { size: 16, strokeWidth: 1.5, "aria-hidden": true } as const;
  return (
    <div className={styles.tools}>
      <FitSwitch viewer={viewer} mode={mode} />
      <Drop label={t("viewer.brightness")} icon={<Sun {...icon} />} on={look.brightness !== 1}>
        <Slider
          label={t("viewer.brightness")}
          value={look.brightness}
          onChange={(brightness) => viewer.setLook({ brightness })}
        />
        <ResetLook viewer={viewer} look={look} />
      </Drop>
      <Drop
        label={t("viewer.contrast")}
        icon={<Contrast {...icon} />}
        on={look.contrast !== 1 || look.invert}
      >
        <Slider
          label={t("viewer.contrast")}
          value={look.contrast}
          onChange={(contrast) => viewer.setLook({ contrast })}
        />
        <label className={styles.check}>
          <input type="checkbox" checked={look.invert} onChange={viewer.invert} /> {t("viewer.invert")}
        </label>
        <ResetLook viewer={viewer} look={look} />
      </Drop>
      <DeskButton
        className={styles.tool}
        aria-label={t("viewer.turnRight")}
        title={t("viewer.turnRight")}
        data-on={turn !== 0 || undefined}
        onClick={() => viewer.turnBy(1)}
      >
        <RotateCw {...icon} />
      </DeskButton>
      <DeskButton
        className={styles.tool}
        aria-label={t("similar.command")}
        title={t("similar.command")}
        disabled={!onSimilar}
        onClick={onSimilar}
      >
        <Columns2 {...icon} />
      </DeskButton>
      <DeskButton
        className={styles.tool}
        aria-label={t("viewer.fullscreen")}
        title={t("viewer.fullscreen")}
        data-on={full || undefined}
        onClick={toggleFullscreen}
      >
        {full ? <Minimize {...icon} /> : <Maximize {...icon} />}
      </DeskButton>
      <i className={styles.line} />
    </div>
  );
}
