import {
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { layout, moved, place, reveal, visible } from "./gridWindow";
import styles from "./VirtualGrid.module.css";

interface Props {
  count: number;
  least: number;
  gap?: number;
  heightOf: (width: number) => number;
  label: string;
  /** The inside of a cell, which is a button; `label` names it where its content does not. */
  cell: (index: number) => { key: string | number; label?: string; content: ReactNode };
  selected?: number | null;
  onOpen: (index: number) => void;
  /** The focus went to another cell by a key. */
  onMove?: (index: number) => void;
  /** The end is near: load more. */
  onEnd?: () => void;
}

function useView(ref: RefObject<HTMLDivElement | null>): { width: number; height: number; top: number } {
  const [view, setView] = useState({ width: 0, height: 0, top: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const read = () => {
      const style = getComputedStyle(element);
      const inside = element.clientWidth - Number.parseFloat(style.paddingLeft) * 2;
      setView({ width: inside, height: element.clientHeight, top: element.scrollTop });
    };
    const observer = new ResizeObserver(read);
    observer.observe(element);
    element.addEventListener("scroll", read, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", read);
    };
  }, [ref]);
  return view;
}

/** A grid of any length in which only what is seen exists. Arrow keys move the focus, Enter opens. */
export function VirtualGrid(props: Props) {
  const { count, least, gap = 8, heightOf, label, cell, selected = null, onOpen, onMove, onEnd } = props;
  const ref = useRef<HTMLDivElement>(null);
  const view = useView(ref);
  const [focused, setFocused] = useState(0);
  const wanted = useRef<number | null>(null);
  const grid = layout({ width: view.width, count, least, gap, heightOf });
  const [first, last] = view.width ? visible(grid, gap, count, view.top, view.height) : [0, 0];
  const atEnd = count > 0 && last >= count;
  useEffect(() => {
    if (atEnd) onEnd?.();
  }, [atEnd, onEnd]);
  useEffect(() => {
    if (wanted.current === null) return;
    const button = ref.current?.querySelector<HTMLElement>(`[data-index="${wanted.current}"]`);
    if (!button) return;
    wanted.current = null;
    button.focus({ preventScroll: true });
  });
  const show = useRef((_index: number) => {});
  show.current = (index) => {
    const element = ref.current;
    if (element && view.width)
      element.scrollTop = reveal(grid, gap, index, element.scrollTop, element.clientHeight);
  };
  useEffect(() => {
    if (selected !== null) show.current(selected);
  }, [selected]);
  const onKeyDown = (event: KeyboardEvent, index: number) => {
    const target = moved(event.key, index, grid.columns, count);
    if (target === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    wanted.current = target;
    setFocused(target);
    show.current(target);
    onMove?.(target);
  };
  const entrance = focused >= first && focused < last ? focused : first;
  return (
    <div ref={ref} className={styles.scroll}>
      <ul className={styles.all} style={{ height: grid.height }} aria-label={label}>
        {Array.from({ length: last - first }, (_, offset) => {
          const index = first + offset;
          const { key, label: name, content } = cell(index);
          const [left, top] = place(grid, gap, index);
          return (
            <li
              key={key}
              aria-posinset={index + 1}
              aria-setsize={count}
              style={{ width: grid.cell, height: grid.tall, transform: `translate(${left}px, ${top}px)` }}
            >
              <button
                type="button"
                className={styles.cell}
                data-index={index}
                data-selected={index === selected || undefined}
                aria-pressed={index === selected}
                tabIndex={index === entrance ? 0 : -1}
                onClick={() => {
                  setFocused(index);
                  onOpen(index);
                }}
                onKeyDown={(event) => onKeyDown(event, index)}
              >
                {name && <span className="visually-hidden">{name}</span>}
                <span className={styles.content} aria-hidden={name ? true : undefined}>
                  {content}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
