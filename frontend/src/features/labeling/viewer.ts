/**
 * Where the picture lies on the stage: arithmetic of zoom, pan and turn. Pure.
 *
 * Lengths are CSS pixels; points and shifts count from the middle of the stage; a scale is CSS pixels per
 * pixel of the picture.
 */

export interface Size {
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

/** `fit` and `actual` follow the picture's size and hold for the next picture; `free` is one person's zoom. */
export interface View extends Point {
  mode: "fit" | "actual" | "free";
  /** Only in mode `free`. */
  scale: number;
  /** Quarter turns to the right: 0 to 3. */
  turn: number;
}

export interface Look {
  /** 1 is the picture as it is. */
  brightness: number;
  contrast: number;
  invert: boolean;
}

export interface Place {
  stage: Size;
  picture: Size;
}

export const fitted: View = { mode: "fit", scale: 1, x: 0, y: 0, turn: 0 };
export const plainLook: Look = { brightness: 1, contrast: 1, invert: false };

const closest = 16;

/** The scale at which the whole turned picture just fits. */
export function fitScale({ stage, picture }: Place, turn: number): number {
  const [width, height] = turn % 2 ? [picture.height, picture.width] : [picture.width, picture.height];
  if (!(width > 0 && height > 0 && stage.width > 0 && stage.height > 0)) return 1;
  return Math.min(stage.width / width, stage.height / height);
}

export function scaleOf(view: View, place: Place): number {
  if (view.mode === "fit") return fitScale(place, view.turn);
  return view.mode === "actual" ? 1 : view.scale;
}

/** Shifts so far that an edge of the picture meets the edge of the stage, and no further. */
export function kept(view: View, place: Place): View {
  const scale = scaleOf(view, place);
  const { stage, picture } = place;
  const [width, height] = view.turn % 2 ? [picture.height, picture.width] : [picture.width, picture.height];
  const reach = (length: number, room: number) => Math.max(0, (length * scale - room) / 2);
  const within = (value: number, most: number) => Math.min(Math.max(value, -most), most);
  return {
    ...view,
    x: within(view.x, reach(width, stage.width)),
    y: within(view.y, reach(height, stage.height)),
  };
}

/** Zooms by a factor; what is under the point stays under it. Back at its smallest the picture fits again. */
export function zoomBy(view: View, place: Place, factor: number, at: Point): View {
  const before = scaleOf(view, place);
  const fit = fitScale(place, view.turn);
  const scale = Math.min(Math.max(before * factor, Math.min(fit, 1)), Math.max(closest, fit));
  if (factor < 1 && scale <= fit && before >= fit) return { ...fitted, turn: view.turn };
  const grown = scale / before;
  const moved: View = {
    ...view,
    mode: "free",
    scale,
    x: at.x - (at.x - view.x) * grown,
    y: at.y - (at.y - view.y) * grown,
  };
  return kept(moved, place);
}

/** Between the whole picture and a close look at the point: at least twice as large, at least 1:1. */
export function toggled(view: View, place: Place, at: Point): View {
  if (view.mode !== "fit") return { ...fitted, turn: view.turn };
  const fit = fitScale(place, view.turn);
  return zoomBy(view, place, Math.max(1, 2 * fit) / fit, at);
}

export function panned(view: View, place: Place, dx: number, dy: number): View {
  return kept({ ...view, x: view.x + dx, y: view.y + dy }, place);
}

/** Turns by quarters; a picture that was moved is in the middle again. */
export function turned(view: View, quarters: number): View {
  return { ...view, turn: (((view.turn + quarters) % 4) + 4) % 4, x: 0, y: 0 };
}

/** How the next picture begins: 1:1 stays 1:1, everything else fits, and nothing is turned or moved. */
export function forNext(view: View): View {
  return { ...fitted, mode: view.mode === "actual" ? "actual" : "fit" };
}

/** True while there is more of the picture than the stage shows. */
export function canPan(view: View, place: Place): boolean {
  const far = kept({ ...view, x: Number.MAX_SAFE_INTEGER, y: Number.MAX_SAFE_INTEGER }, place);
  return far.x > 0 || far.y > 0;
}

/** The transform of a box in which the unturned picture fits; empty when nothing is to be done. */
export function transformOf(view: View, place: Place): string {
  const factor = scaleOf(view, place) / fitScale(place, 0);
  const parts = [
    (view.x || view.y) && `translate(${round(view.x)}px, ${round(view.y)}px)`,
    view.turn && `rotate(${view.turn * 90}deg)`,
    Math.abs(factor - 1) > 1e-6 && `scale(${round(factor, 5)})`,
  ];
  return parts.filter(Boolean).join(" ");
}

export function filterOf(look: Look): string {
  const parts = [
    look.invert && "invert(1)",
    look.brightness !== 1 && `brightness(${look.brightness})`,
    look.contrast !== 1 && `contrast(${look.contrast})`,
  ];
  return parts.filter(Boolean).join(" ");
}

export const lookRange = { least: 0.2, most: 3, step: 0.1 } as const;

/** A brightness or contrast one step further, within its range. */
export function stepped(value: number, steps: number): number {
  const { least, most, step } = lookRange;
  return round(Math.min(Math.max(value + steps * step, least), most), 2);
}

function round(value: number, decimals = 2): number {
  return Number(value.toFixed(decimals));
}
