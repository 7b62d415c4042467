import {
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  memo,
  type ReactNode,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import { count, percent } from "../messages/i18n";
import { ClassTile } from "./ClassTile";
import styles from "./ConfusionMatrix.module.css";
import { type Cell, type ClassRow, moved, shade } from "./matrix";

interface Props {
  label: string;
  /** In the order in which they are shown, both down and across. */
  rows: ClassRow[];
  /** Rows: label, columns: prediction, by `index`. */
  confusion: number[][];
  shares: boolean;
  onOpen?: (label: ClassRow, predicted: ClassRow) => void;
  /** More columns at the right, such as each class's scores. */
  head?: ReactNode;
  more?: (row: ClassRow) => ReactNode;
}

interface LineProps extends Pick<Props, "rows" | "shares" | "more"> {
  row: ClassRow;
  at: number;
  values: number[];
  /** The column that the keyboard is on, or -1. */
  active: number;
}

const Line = memo(function Line({ row, rows, at, values, active, shares, more }: LineProps) {
  const { t } = useTranslation();
  const total = values.reduce((sum, value) => sum + value, 0);
  return (
    <tr>
      <th scope="row" className={styles.name}>
        <span>
          <span title={row.name}>{row.name}</span>
          <ClassTile of={row} />
        </span>
      </th>
      {rows.map((column, place) => {
        const value = values[column.index] ?? 0;
        const right = column.id === row.id;
        const strength = shade(value, total, right);
        return (
          <td
            key={column.id}
            data-cell={`${at}-${place}`}
            data-right={right || undefined}
            className={styles.cell}
            tabIndex={active === place ? 0 : -1}
            style={strength ? ({ "--shade": strength } as CSSProperties) : undefined}
            aria-label={
              value
                ? t("models.cellName", { number: count(value), label: row.name, predicted: column.name })
                : undefined
            }
          >
            {value ? (shares ? percent(value / total) : value) : null}
          </td>
        );
      })}
      {more?.(row)}
    </tr>
  );
});

/** Says in words what the cell under the pointer or the keyboard holds. */
function Told({
  cell,
  rows,
  confusion,
  opens,
}: { cell: Cell; opens: boolean } & Pick<Props, "rows" | "confusion">) {
  const { t } = useTranslation();
  const [row, column] = [rows[cell[0]], rows[cell[1]]];
  if (!row || !column) return <p className={styles.foot} />;
  const value = confusion[row.index]?.[column.index] ?? 0;
  const names = { label: row.name, predicted: column.name };
  return (
    <p className={styles.foot}>
      <b>{value ? t("models.cellName", { number: count(value), ...names }) : t("models.cellEmpty", names)}</b>
      {value > 0 && opens && <span>{t("models.cellOpens")}</span>}
    </p>
  );
}

const cellOf = (target: EventTarget): Cell | null => {
  const element = (target as Element).closest("[data-cell]");
  const [row, column] = element?.getAttribute("data-cell")?.split("-").map(Number) ?? [];
  return row === undefined || column === undefined ? null : [row, column];
};

/** What a model calls the pictures of each class. One cell takes the keyboard; arrows move, Enter opens it. */
export function ConfusionMatrix({ label, rows, confusion, shares, onOpen, head, more }: Props) {
  const [active, setActive] = useState<Cell>([0, 0]);
  const [pointed, setPointed] = useState<Cell | null>(null);
  const table = useRef<HTMLTableElement>(null);
  const size = rows.length;

  const open = ([at, place]: Cell) => {
    const [from, to] = [rows[at], rows[place]];
    if (from && to && confusion[from.index]?.[to.index]) onOpen?.(from, to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const cell = cellOf(event.target);
    if (!cell) return;
    const next = moved(cell, event.key, size);
    if (next) {
      setActive(next);
      table.current?.querySelector<HTMLElement>(`[data-cell="${next[0]}-${next[1]}"]`)?.focus();
    } else if (event.key === "Enter" || event.key === " ") open(cell);
    else return;
    event.preventDefault();
  };
  const onClick = (event: MouseEvent) => {
    const cell = cellOf(event.target);
    if (!cell) return;
    setActive(cell);
    open(cell);
  };
  return (
    <div data-testid="confusion">
      <div className={styles.scroll}>
        <table
          ref={table}
          // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a grid is made of a table
          role="grid"
          aria-label={label}
          className={styles.matrix}
          data-size={size > 40 ? "s" : size > 12 ? "m" : "l"}
          onKeyDown={onKeyDown}
          onClick={onClick}
          onFocus={(event) => setActive(cellOf(event.target) ?? active)}
          onPointerOver={(event) => setPointed(cellOf(event.target))}
          onPointerLeave={() => setPointed(null)}
        >
          <thead>
            <tr>
              <td className={styles.corner} />
              {rows.map((one) => (
                <th key={one.id} scope="col" title={one.name} aria-label={one.name} className={styles.head}>
                  <ClassTile of={one} size={size > 40 ? "s" : "m"} />
                </th>
              ))}
              {head}
            </tr>
          </thead>
          <tbody>
            {rows.map((one, at) => (
              <Line
                key={one.id}
                row={one}
                rows={rows}
                at={at}
                values={confusion[one.index] ?? []}
                active={active[0] === at ? active[1] : -1}
                shares={shares}
                more={more}
              />
            ))}
          </tbody>
        </table>
      </div>
      <Told cell={pointed ?? active} rows={rows} confusion={confusion} opens={onOpen !== undefined} />
    </div>
  );
}
