/** The viewer at work: it writes to the picture's style itself, so that zooming renders nothing. */
import {
  canPan,
  filterOf,
  fitted,
  forNext,
  kept,
  type Look,
  type Place,
  type Point,
  panned,
  plainLook,
  stepped,
  toggled,
  transformOf,
  turned,
  type View,
  zoomBy,
} from "./viewer";

const storageKey = "annotator.view";
const keyZoom = 1.25;
const keyPan = 80;

/** What the buttons show of the viewer. */
export interface ViewerState {
  mode: View["mode"];
  turn: number;
  look: Look;
}

function remembered(): { mode: View["mode"]; look: Look } {
  try {
    const found = JSON.parse(sessionStorage.getItem(storageKey) ?? "") as Partial<ViewerState>;
    return { mode: found.mode === "actual" ? "actual" : "fit", look: { ...plainLook, ...found.look } };
  } catch {
    return { mode: "fit", look: plainLook };
  }
}

export class Viewer {
  private place: Place = { stage: { width: 0, height: 0 }, picture: { width: 0, height: 0 } };
  private view: View;
  private look: Look;
  private state: ViewerState;
  private holder: HTMLElement | null = null;
  private readonly listeners = new Set<() => void>();
  /** Where the cursor is over the stage; zooming by key goes there. */
  cursor: Point = { x: 0, y: 0 };

  constructor() {
    const { mode, look } = remembered();
    this.view = { ...fitted, mode };
    this.look = look;
    this.state = { mode, turn: 0, look };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  read = (): ViewerState => this.state;

  /** The element whose children are the picture. */
  attach(holder: HTMLElement | null): void {
    this.holder = holder;
    this.apply();
  }

  resize(width: number, height: number): void {
    this.place = { ...this.place, stage: { width, height } };
    this.set(kept(this.view, this.place));
  }

  /** Another picture is on the stage: it begins fitted, or at 1:1 if that was chosen. */
  show(width: number, height: number): void {
    this.place = { ...this.place, picture: { width, height } };
    this.cursor = { x: 0, y: 0 };
    this.set(forNext(this.view));
  }

  get pannable(): boolean {
    return canPan(this.view, this.place);
  }

  zoom(factor: number, at: Point = this.cursor): void {
    this.set(zoomBy(this.view, this.place, factor, at));
  }

  zoomIn = (): void => this.zoom(keyZoom);
  zoomOut = (): void => this.zoom(1 / keyZoom);
  toggle = (at: Point = this.cursor): void => this.set(toggled(this.view, this.place, at));
  fit = (): void => this.set({ ...fitted, turn: this.view.turn });
  actual = (): void => this.set({ ...fitted, mode: "actual", turn: this.view.turn });
  turnBy = (quarters: number): void => this.set(turned(this.view, quarters));
  pan = (dx: number, dy: number): void => this.set(panned(this.view, this.place, dx, dy));
  /** Looks further to one side: the picture goes the other way. */
  lookTo = (x: number, y: number): void => this.pan(-x * keyPan, -y * keyPan);

  setLook = (change: Partial<Look>): void => {
    this.look = { ...this.look, ...change };
    this.publish();
  };
  brighten = (steps: number): void => this.setLook({ brightness: stepped(this.look.brightness, steps) });
  sharpen = (steps: number): void => this.setLook({ contrast: stepped(this.look.contrast, steps) });
  invert = (): void => this.setLook({ invert: !this.look.invert });
  resetLook = (): void => this.setLook(plainLook);
  reset = (): void => {
    this.look = plainLook;
    this.set(fitted);
  };

  private set(view: View): void {
    this.view = view;
    this.publish();
  }

  private publish(): void {
    this.apply();
    const { mode, turn } = this.view;
    const { state, look } = this;
    if (state.mode === mode && state.turn === turn && state.look === look) return;
    if (state.mode !== mode || state.look !== look) this.remember();
    this.state = { mode, turn, look };
    for (const listener of this.listeners) listener();
  }

  private remember(): void {
    try {
      sessionStorage.setItem(storageKey, JSON.stringify({ mode: this.view.mode, look: this.look }));
    } catch {
      // Forbidden storage: the look holds for as long as the page does.
    }
  }

  private apply(): void {
    if (!this.holder) return;
    const { style, dataset } = this.holder;
    const transform = transformOf(this.view, this.place);
    const filter = filterOf(this.look);
    if (style.transform !== transform) style.transform = transform;
    if (style.filter !== filter) style.filter = filter;
    const pannable = String(this.pannable);
    if (dataset.pannable !== pannable) dataset.pannable = pannable;
  }
}
