import { ArrowDown, ArrowUp } from "lucide-react";
import { type ReactNode, useLayoutEffect, useRef, useState } from "react";
import styles from "./Table.module.css";

/** Rows on a panel; scrolls sideways on its own where it is wider than the page, and a tall one down. */
export function Table({
  label,
  tall,
  stacked,
  children,
}: {
  label: string;
  tall?: boolean;
  /** On a phone the cells of a row flow like words, without headings. */
  stacked?: boolean;
  children: ReactNode;
}) {
  const place = useRef<HTMLDivElement>(null);
  const [scrolls, setScrolls] = useState(false);
  useLayoutEffect(() => {
    const of = place.current;
    if (!of) return;
    const read = () => setScrolls(of.scrollWidth > of.clientWidth || of.scrollHeight > of.clientHeight);
    const observer = new ResizeObserver(read);
    observer.observe(of);
    return () => observer.disconnect();
  }, []);
  return (
    <div
      ref={place}
      className={styles.scroll}
      data-tall={tall || undefined}
      tabIndex={scrolls ? 0 : undefined}
    >
      <table className={styles.table} aria-label={label} data-stacked={stacked || undefined}>
        {children}
      </table>
    </div>
  );
}

export interface Order<K extends string> {
  by: K;
  descending: boolean;
}

/** The next order after a click on a column: the same column turns round, another begins at its useful end. */
export function turned<K extends string>(order: Order<K>, by: K, descendingFirst: boolean): Order<K> {
  return order.by === by ? { by, descending: !order.descending } : { by, descending: descendingFirst };
}

/** A column heading that sorts. */
export function SortHead<K extends string>({
  by,
  order,
  onSort,
  children,
  className,
}: {
  by: K;
  order: Order<K>;
  onSort: (by: K) => void;
  children: ReactNode;
  className?: string;
}) {
  const on = order.by === by;
  const Arrow = order.descending ? ArrowDown : ArrowUp;
  return (
    <th
      scope="col"
      className={className}
      aria-sort={on ? (order.descending ? "descending" : "ascending") : undefined}
    >
      <button type="button" className={styles.sort} onClick={() => onSort(by)}>
        {children}
        {on && <Arrow size={12} strokeWidth={1.5} aria-hidden />}
      </button>
    </th>
  );
}
