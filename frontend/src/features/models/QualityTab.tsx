import { ChevronRight } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Assessment, ModelDetail, Part } from "../../api/modeling";
import { useClasses } from "../../api/queries";
import { ClassTile } from "../../components/ClassTile";
import { ConfusionMatrix } from "../../components/ConfusionMatrix";
import { type ClassRow, type Column, mostConfused, sortRows } from "../../components/matrix";
import { Card } from "../../components/Page";
import { ReliabilityChart } from "../../components/ReliabilityChart";
import { mayAs } from "../../components/roles";
import { Segmented } from "../../components/Segmented";
import { type Order, turned } from "../../components/Table";
import { useNarrow } from "../../components/useNarrow";
import { useProjectContext } from "../../components/useProjectContext";
import { count, percent } from "../../messages/i18n";
import { CellDialog, type OpenCell } from "./CellDialog";
import { ClassTable, ScoreCells, ScoreHeads } from "./ClassTable";
import { classRows } from "./gate";
import styles from "./models.module.css";

const besideAtMost = 14; // classes whose scores still fit beside the matrix

function ReliabilityCard({ assessment }: { assessment: Assessment }) {
  const { t } = useTranslation();
  const { reliability, ece_before: before, temperature } = assessment;
  const share = (value: number | null) => (value === null ? "–" : percent(value, 1));
  return (
    <Card
      title={t("models.reliability")}
      aside={
        <>
          ECE <b className={styles.strong}>{share(reliability.ece)}</b>
        </>
      }
    >
      <p className={styles.sub}>{t("models.reliabilityAxes")}</p>
      <ReliabilityChart
        label={t("models.reliability")}
        {...reliability}
        describe={(bin) =>
          t("models.bin", {
            number: count(bin.count),
            confidence: percent(bin.confidence),
            accuracy: percent(bin.accuracy),
          })
        }
      />
      <p className={styles.sub}>
        {t("models.temperature", {
          before: share(before),
          after: share(reliability.ece),
          temperature: temperature.toFixed(2),
        })}
      </p>
    </Card>
  );
}

function ConfusedCard({
  confusion,
  rows,
  onOpen,
}: {
  confusion: number[][];
  rows: ClassRow[];
  onOpen: ((label: ClassRow, predicted: ClassRow) => void) | null;
}) {
  const { t } = useTranslation();
  const byIndex = new Map(rows.map((row) => [row.index, row]));
  const worst = mostConfused(confusion, 6);
  return (
    <Card title={t("models.mostConfused")}>
      {worst.length === 0 && <p className={styles.quiet}>{t("models.noMistakes")}</p>}
      <ul className={styles.confused}>
        {worst.map((cell) => {
          const [label, predicted] = [byIndex.get(cell.label), byIndex.get(cell.predicted)];
          if (!label || !predicted) return null;
          return (
            <li key={`${cell.label} ${cell.predicted}`}>
              <button type="button" disabled={!onOpen} onClick={() => onOpen?.(label, predicted)}>
                <ClassTile of={label} />
                <span aria-hidden>→</span>
                <ClassTile of={predicted} />
                <b>{count(cell.count)}</b>
                <span className={styles.pair}>
                  {t("models.pair", { label: label.name, predicted: predicted.name })}
                </span>
                {onOpen && <ChevronRight size={14} strokeWidth={1.5} aria-hidden />}
              </button>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

function Matrix({ model, part, assessment }: { model: ModelDetail; part: Part; assessment: Assessment }) {
  const { t } = useTranslation();
  const project = useProjectContext();
  const narrow = useNarrow();
  const { data: tiles } = useClasses(project.id);
  const [order, setOrder] = useState<Order<Column>>({ by: "project", descending: false });
  const [look, setLook] = useState<"counts" | "shares">("counts");
  const [cell, setCell] = useState<OpenCell | null>(null);
  const { confusion } = assessment.evaluation;
  const champion = part === "blind" && model.gate ? model.champion : null;
  const compared = champion !== null;
  const rows = useMemo(
    () => sortRows(classRows(model, assessment, compared, tiles ?? []), order),
    [model, assessment, compared, tiles, order],
  );
  const onSort = (by: Column) => setOrder((old) => turned(old, by, by !== "name"));
  const opens = mayAs(project.role, "reviewer");
  const onOpen = (label: ClassRow, predicted: ClassRow) =>
    setCell({ label, predicted, count: confusion[label.index]?.[predicted.index] ?? 0 });
  const beside = rows.length <= besideAtMost && !narrow;
  const more = useCallback((row: ClassRow) => <ScoreCells row={row} compared={compared} />, [compared]);
  const sorting = { order, onSort, champion };
  return (
    <div className={styles.quality}>
      <div className={styles.stack}>
        <Card
          title={
            <>
              {t("models.confusion")}{" "}
              <span className={styles.quiet}>{t("models.confusionAxes", { name: model.name })}</span>
            </>
          }
          aside={
            <span className={styles.tools}>
              <Segmented
                label={t("models.cells")}
                choices={[
                  ["counts", t("models.counts")],
                  ["shares", t("models.shares")],
                ]}
                value={look}
                onChange={setLook}
              />
              <Segmented
                label={t("balance.order")}
                choices={[
                  ["project", t("balance.orders.project")],
                  ["name", t("balance.orders.name")],
                ]}
                value={order.by === "name" ? "name" : "project"}
                onChange={(by) => setOrder({ by, descending: false })}
              />
            </span>
          }
        >
          <ConfusionMatrix
            label={t("models.confusion")}
            rows={rows}
            confusion={confusion}
            shares={look === "shares"}
            onOpen={opens ? onOpen : undefined}
            head={beside ? <ScoreHeads {...sorting} /> : undefined}
            more={beside ? more : undefined}
          />
          {!opens && <p className={styles.sub}>{t("models.reviewersOpen")}</p>}
        </Card>
        {!beside && (
          <Card title={t("models.perClass")}>
            <ClassTable rows={rows} {...sorting} />
          </Card>
        )}
      </div>
      <div className={styles.stack}>
        <ReliabilityCard assessment={assessment} />
        <ConfusedCard confusion={confusion} rows={rows} onOpen={opens ? onOpen : null} />
      </div>
      {cell && (
        <CellDialog
          project={project.id}
          model={model.id}
          part={part}
          cell={cell}
          onClose={() => setCell(null)}
        />
      )}
    </div>
  );
}

function Numbers({ assessment }: { assessment: Assessment }) {
  const { t } = useTranslation();
  const { evaluation } = assessment;
  if (evaluation.accuracy === null) return null;
  return (
    <span>
      {t("models.numbers", {
        accuracy: percent(evaluation.accuracy, 1),
        low: percent(evaluation.low, 1),
        high: percent(evaluation.high, 1),
        f1: evaluation.macro_f1 === null ? "–" : percent(evaluation.macro_f1, 1),
        number: count(evaluation.count),
      })}
    </span>
  );
}

/** How well a model does on pictures that it has not learnt from. */
export function QualityTab({ model }: { model: ModelDetail }) {
  const { t } = useTranslation();
  const tested = (["blind", "test"] as const).filter((part) => model.metrics[part]?.evaluation.count);
  const [chosen, setChosen] = useState<Part>("blind");
  const part = tested.includes(chosen) ? chosen : tested[0];
  const assessment = part && model.metrics[part];
  if (!part || !assessment)
    return (
      <Card title={t("models.untestedTitle")} className={styles.empty}>
        <p>{model.run ? t("models.untestedText") : t("models.untestedFirst")}</p>
      </Card>
    );
  return (
    <>
      <div className={styles.partBar}>
        {tested.length > 1 && (
          <Segmented
            label={t("models.part")}
            choices={tested.map((one) => [one, t(`models.parts.${one}`)])}
            value={part}
            onChange={setChosen}
          />
        )}
        <Numbers assessment={assessment} />
      </div>
      <Matrix key={part} model={model} part={part} assessment={assessment} />
    </>
  );
}
