import { X } from "lucide-react";
import {
  type CSSProperties,
  memo,
  type ReactNode,
  type RefObject,
  useDeferredValue,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import type { LabelClass } from "../../api/types";
import type { VerifyPage, VerifyPicture } from "../../api/verify";
import { ClassTile } from "../../components/ClassTile";
import { count, percent } from "../../messages/i18n";
import { type Fit, fitPage, place, reveal } from "./arithmetic";
import type { DeskView, VerifyDesk } from "./desk";
import styles from "./grid.module.css";
import type { Mark } from "./pages";
import { drawnWidth, sourceSet } from "./sources";
import { useDrag } from "./useDrag";

export const gap = 6;
/** Space round the cells for the ring of the focused one. */
export const edge = 4;

/** About what the choices cover on a phone: the picture that they are about stays in sight. */
const sheetHeight = 300;

export interface RoomSize {
  width: number;
  height: number;
}

function useRoom(): [RefObject<HTMLDivElement | null>, RoomSize] {
  const ref = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState<RoomSize>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const read = () => setRoom({ width: element.clientWidth, height: element.clientHeight });
    read();
    const observer = new ResizeObserver(read);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, room];
}

function Said({ mark, of }: { mark: Mark; of: LabelClass | undefined }) {
  const { t } = useTranslation();
  return (
    <span className={styles.said}>
      {of && <ClassTile of={of} />}
      <span>{of ? of.name : t(`verify.verdict.${mark.verdict === "label" ? "later" : mark.verdict}`)}</span>
    </span>
  );
}

interface CellProps {
  page: number;
  picture: VerifyPicture;
  index: number;
  wide: number;
  tall: number;
  mark: Mark | undefined;
  of: LabelClass | undefined;
  focused: boolean;
  /** False on the page that lies ready beneath the one on the screen. */
  active: boolean;
}

const Cell = memo(function Cell(props: CellProps) {
  const { page, picture, index, wide, tall, mark, of, focused, active } = props;
  const { t } = useTranslation();
  const { image, confidence } = picture;
  const [failed, setFailed] = useState(false);
  const words = [t("verify.picture", { number: count(index + 1) })];
  if (confidence !== null) words.push(t("verify.sure", { sure: percent(confidence) }));
  if (mark)
    words.push(
      t("verify.exceptionOf", {
        name: of?.name ?? t(`verify.verdict.${mark.verdict === "label" ? "later" : mark.verdict}`),
      }),
    );
  return (
    // biome-ignore lint/a11y/useSemanticElements: a picture in a grid that moves its own focus
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus and says which cell is meant
    <div
      role="gridcell"
      id={`cell-${page}-${image.id}`}
      aria-selected={mark !== undefined}
      aria-label={words.join(", ")}
      data-testid={active ? "verify-cell" : undefined}
      data-task={picture.task}
      data-image={image.id}
      data-excepted={mark ? "" : undefined}
      data-focused={focused ? "" : undefined}
      className={styles.cell}
      style={{ width: wide, height: tall }}
    >
      {failed ? (
        <span className={styles.failed}>{t("verify.notShown")}</span>
      ) : (
        <img
          alt=""
          draggable={false}
          decoding="sync"
          srcSet={sourceSet(image)}
          sizes={`${drawnWidth(image, wide, tall)}px`}
          src={image.urls.thumb}
          onError={() => setFailed(true)}
        />
      )}
      {mark && (
        <>
          <i className={styles.cross} aria-hidden>
            <X size={14} strokeWidth={2} />
          </i>
          <Said mark={mark} of={of} />
        </>
      )}
    </div>
  );
});

function rowsOf<T>(items: T[], columns: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / columns) }, (_, row) =>
    items.slice(row * columns, (row + 1) * columns),
  );
}

interface LayerProps {
  desk: VerifyDesk;
  view: DeskView;
  page: VerifyPage;
  grid: Fit;
  active: boolean;
  narrow: boolean;
  /** True until the grid has taken the focus. */
  wantsFocus: RefObject<boolean>;
  classOf: (id: number | null) => LabelClass | undefined;
}

/** One page. The next one lies ready beneath the one on the screen, so that only the order of the two changes. */
function Layer({ desk, view, page, grid, active, narrow, wantsFocus, classOf }: LayerProps) {
  const { t } = useTranslation();
  const ref = useRef<HTMLDivElement>(null);
  const drag = useDrag({ desk, page, grid, gap, edge, active });
  const focusedImage = active ? page.pictures[view.focused]?.image.id : undefined;
  const { focused } = view;
  const ready = desk.thumbs.ready(page);
  useEffect(() => {
    if (!active || !(wantsFocus.current || document.activeElement === document.body)) return;
    wantsFocus.current = false;
    ref.current?.focus({ preventScroll: true });
  }, [active, wantsFocus]);
  useEffect(() => {
    if (active && ready) desk.shown(page.id);
  }, [active, ready, desk, page.id]);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element || !active || !grid.scrolls) return;
    const covered = narrow && view.asking.length ? sheetHeight : edge * 2;
    element.scrollTop = reveal(grid, gap, focused, element.scrollTop, element.clientHeight - covered);
  }, [active, grid, focused, narrow, view.asking.length]);
  const shift: CSSProperties = { paddingLeft: edge + grid.left, columnGap: gap, rowGap: gap };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a grid of pictures, not a table
    <div
      ref={ref}
      role="grid"
      aria-label={t("verify.grid")}
      aria-multiselectable
      aria-activedescendant={focusedImage === undefined ? undefined : `cell-${page.id}-${focusedImage}`}
      aria-hidden={!active || undefined}
      tabIndex={active ? 0 : -1}
      className={styles.layer}
      data-active={active || undefined}
      data-scrolls={grid.scrolls || undefined}
      style={{ ...shift, gridTemplateColumns: `repeat(${grid.columns}, ${grid.wide}px)` }}
      {...drag}
    >
      {rowsOf(page.pictures, grid.columns).map((row, at) => (
        // biome-ignore lint/a11y/useSemanticElements: a row of a grid of pictures
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus
        <div key={row[0]?.task} role="row" className={styles.row}>
          {row.map((picture, column) => {
            const index = at * grid.columns + column;
            const mark = active ? view.marks.get(picture.image.id) : undefined;
            return (
              <Cell
                key={picture.task}
                page={page.id}
                picture={picture}
                index={index}
                wide={grid.wide}
                tall={grid.tall}
                mark={mark}
                of={classOf(mark?.label ?? null)}
                focused={active && index === focused}
                active={active}
              />
            );
          })}
        </div>
      ))}
    </div>
  );
}

/** Neutral cells of the final size, after a blink. */
function Blocks({ grid, cells }: { grid: Fit; cells: number }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 150);
    return () => clearTimeout(timer);
  }, []);
  if (!late) return null;
  return (
    <div className={styles.layer} aria-hidden>
      {Array.from({ length: cells }, (_, index) => {
        const [left, top] = place(grid, gap, index);
        const style = { left: left + edge, top: top + edge, width: grid.wide, height: grid.tall };
        // biome-ignore lint/suspicious/noArrayIndexKey: the blocks are all alike
        return <i key={index} className={styles.block} style={style} />;
      })}
    </div>
  );
}

interface Props extends Omit<LayerProps, "page" | "grid" | "active"> {
  /** Pictures of a full page: the last page has as large cells as the others. */
  nominal: number;
  /** Floats over the cells: beside the focused one, or over all of them. */
  children: (grid: Fit, room: RoomSize, scroll: () => number) => ReactNode;
}

/** The page on the screen, as large as the room allows. */
export function PageGrid({ nominal, children, ...rest }: Props) {
  const { desk, view, narrow } = rest;
  const [ref, room] = useRoom();
  const { page } = desk;
  const cells = Math.max(nominal, page?.pictures.length ?? 0);
  const inside = { width: room.width - 2 * edge, height: room.height - 2 * edge };
  const grid = fitPage({ ...inside, count: cells, gap, least: narrow ? 80 : 72 });
  const { wide, tall } = grid;
  useLayoutEffect(() => {
    if (room.width > 0) desk.thumbs.fitTo({ wide, tall });
  }, [desk, room.width, wide, tall]);
  const scroll = () => ref.current?.querySelector("[data-active]")?.scrollTop ?? 0;
  const [, next] = view.ahead;
  // The page after the next is laid out once the next one has been painted, not in the frame of the key.
  const beneath = useDeferredValue(next && desk.thumbs.ready(next) ? next : undefined);
  const layers = [page, beneath?.id === page?.id ? undefined : beneath];
  const waits = !page || page.pictures.length === 0;
  return (
    <div ref={ref} className={styles.room} aria-busy={waits || undefined}>
      {room.width > 0 && waits && <Blocks grid={grid} cells={cells} />}
      {room.width > 0 &&
        layers.map(
          (one, index) =>
            one &&
            one.pictures.length > 0 && (
              <Layer key={one.id} {...rest} page={one} grid={grid} active={index === 0} />
            ),
        )}
      {room.width > 0 && !waits && children(grid, room, scroll)}
    </div>
  );
}
