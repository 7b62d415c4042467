import { type PointerEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import styles from "./ZoomView.module.css";
import { fitted, panned, type View, zoomedAt } from "./zoom";

interface Props {
  src: string;
  alt: string;
  /** The picture's own size, so that its place is known before it has come. */
  width: number;
  height: number;
  /** Whether it is seen pixel by pixel instead of whole. */
  actual: boolean;
  onActual: (actual: boolean) => void;
}

const whole: View = { scale: 1, x: 0, y: 0 };

/** A picture that fills its place: the wheel zooms at the pointer, dragging moves it, a double click goes 1:1. */
export function ZoomView({ src, alt, width, height, actual, onActual }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [view, setView] = useState(whole);
  const drag = useRef<{ x: number; y: number; view: View } | null>(null);

  const box = useCallback(
    () => ({
      wide: place.current?.clientWidth ?? 0,
      tall: place.current?.clientHeight ?? 0,
      width,
      height,
    }),
    [width, height],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: another picture is seen whole again
  useLayoutEffect(() => {
    const size = box();
    setView(
      actual && size.wide ? zoomedAt(whole, 1 / fitted(size), size, size.wide / 2, size.tall / 2) : whole,
    );
  }, [src, actual, box]);

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const { left, top } = element.getBoundingClientRect();
      const factor = Math.exp(-event.deltaY / 400);
      setView((old) => zoomedAt(old, old.scale * factor, box(), event.clientX - left, event.clientY - top));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [box]);

  const onPointerDown = (event: PointerEvent) => {
    if (view.scale <= 1 || event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, y: event.clientY, view };
  };
  const onPointerMove = (event: PointerEvent) => {
    const from = drag.current;
    if (from) setView(panned(from.view, event.clientX - from.x, event.clientY - from.y, box()));
  };
  const stop = () => {
    drag.current = null;
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the same is done by keys and by buttons beside it
    <div
      ref={place}
      className={styles.place}
      data-zoomed={view.scale > 1 || undefined}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={stop}
      onPointerCancel={stop}
      onDoubleClick={() => onActual(!actual)}
    >
      <img
        key={src}
        src={src}
        alt={alt}
        draggable={false}
        style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})` }}
      />
    </div>
  );
}
