/** Pictures fetched and decoded ahead, so that the next one is there in the frame of the key press. */

export interface Picture {
  element: HTMLImageElement;
  state: "loading" | "ready" | "failed";
}

export class PictureCache {
  private readonly pictures = new Map<string, Picture>();
  private readonly listeners = new Set<() => void>();
  private version = 0;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Changes whenever a picture becomes ready or fails. */
  read = (): number => this.version;

  get(url: string): Picture {
    const known = this.pictures.get(url);
    if (known && known.state !== "failed") return known;
    const picture: Picture = { element: new Image(), state: "loading" };
    this.pictures.set(url, picture);
    const { element } = picture;
    element.decoding = "sync";
    element.draggable = false;
    element.src = url;
    element.decode().then(
      () => this.settle(picture, "ready"),
      () => this.settle(picture, element.complete && element.naturalWidth > 0 ? "ready" : "failed"),
    );
    return picture;
  }

  peek(url: string): Picture | undefined {
    return this.pictures.get(url);
  }

  /** Tries a failed picture once more. */
  retry(url: string): void {
    if (this.pictures.get(url)?.state === "failed") this.pictures.delete(url);
    this.get(url);
  }

  /** Starts what is wanted and lets go of the rest. */
  keep(wanted: string[]): void {
    for (const url of wanted) if (!this.pictures.has(url)) this.get(url);
    const set = new Set(wanted);
    for (const url of this.pictures.keys()) if (!set.has(url)) this.pictures.delete(url);
  }

  private settle(picture: Picture, state: Picture["state"]): void {
    picture.state = state;
    this.version += 1;
    for (const listener of this.listeners) listener();
  }
}
