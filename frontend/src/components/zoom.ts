/** The arithmetic of looking closer at a picture: scale 1 shows it whole, moved from the middle by x and y pixels. */

export interface View {
  scale: number;
  x: number;
  y: number;
}

export interface Box {
  /** The place that the picture fills, in pixels. */
  wide: number;
  tall: number;
  /** The picture's own size. */
  width: number;
  height: number;
}

const most = 8;

/** Screen pixels a picture pixel takes when the picture is seen whole. */
export function fitted({ wide, tall, width, height }: Box): number {
  return Math.min(wide / width, tall / height);
}

/** Largest scale: eight times, or 4 screen pixels for each of the picture's, whichever is more. */
function limit(box: Box): number {
  return Math.max(most, 4 / fitted(box));
}

/** Keeps the picture's edges from leaving more room than there must be. */
function kept({ scale, x, y }: View, box: Box): View {
  const fit = fitted(box);
  const slackX = Math.max(0, (box.width * fit * scale - box.wide) / 2);
  const slackY = Math.max(0, (box.height * fit * scale - box.tall) / 2);
  const within = (value: number, slack: number) => Math.min(Math.max(value, -slack), slack) || 0;
  return { scale, x: within(x, slackX), y: within(y, slackY) };
}

/** The view at another scale, with the point of the place under (left, top) staying where it is. */
export function zoomedAt(view: View, scale: number, box: Box, left: number, top: number): View {
  const next = Math.min(Math.max(scale, 1), limit(box));
  const [fromX, fromY] = [left - box.wide / 2, top - box.tall / 2];
  const grown = next / view.scale;
  return kept({ scale: next, x: fromX - (fromX - view.x) * grown, y: fromY - (fromY - view.y) * grown }, box);
}

/** The view moved by some pixels, as far as the picture goes. */
export function panned(view: View, byX: number, byY: number, box: Box): View {
  return kept({ ...view, x: view.x + byX, y: view.y + byY }, box);
}
