/** Going back to an earlier answer to correct it, while the pictures ahead wait. Pure. */
import type { AnnotationResult, Task } from "../../api/types";
import type { Desk, Done } from "./session";

/** The answer before the one that is being corrected, or the last one; null where there is none. */
export function answerBefore(desk: Desk): Done | null {
  const [current] = desk.ahead;
  const done = latest(desk.done);
  const at = done.findIndex(({ task }) => task.image.id === current?.image.id);
  return done[at < 0 ? done.length - 1 : at - 1] ?? null;
}

/** True while an earlier answer is on the screen. */
export function revisiting(desk: Desk): boolean {
  const [current] = desk.ahead;
  return current?.id === null && desk.done.some(({ task }) => task.image.id === current.image.id);
}

/**
 * Puts the picture of an earlier answer on the screen; what one says now is a correction of it. While the
 * server does not have the first answer (`unsent`), the correction waits: it has no version to correct.
 */
export function revisit(desk: Desk, clientId: string, unsent = false): Desk {
  const done = desk.done.find((one) => one.clientId === clientId);
  if (!done) return desk;
  const task: Task = { ...done.task, id: null, lease_expires_at: null, reason: null };
  const awaiting = unsent ? task.image.id : null;
  return { ...desk, ahead: [task, ...leave(desk).ahead], awaiting };
}

/** Back to where one was: the earlier answer stands. */
export function leave(desk: Desk): Desk {
  return revisiting(desk) ? { ...desk, ahead: desk.ahead.slice(1), awaiting: null } : desk;
}

/** One cell for each picture: a correction takes the place of what it corrects. */
export function latest(done: Done[]): Done[] {
  const newest = new Map(done.map((one) => [one.task.image.id, one.clientId]));
  return done.filter((one) => newest.get(one.task.image.id) === one.clientId);
}

/**
 * What the server says an image's label is now, so that a correction names the version it has seen. When
 * nothing more is on its way for the image (`settled`), a correction that waited may be given.
 */
export function learn(desk: Desk, image: number, result: AnnotationResult, settled = true): Desk {
  if (result.status === "invalid") return desk;
  const known = (task: Task): Task =>
    task.image.id === image
      ? {
          ...task,
          image: {
            ...task.image,
            label: result.label,
            label_version: result.label_version ?? task.image.label_version,
          },
        }
      : task;
  return {
    ...desk,
    awaiting: settled && desk.awaiting === image ? null : desk.awaiting,
    ahead: desk.ahead.map(known),
    done: desk.done.map((one) => (one.task.image.id === image ? { ...one, task: known(one.task) } : one)),
  };
}
