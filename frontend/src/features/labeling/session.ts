/** What lies on the labeler's desk: the pictures ahead, those behind, and the steps between them. Pure. */
import type { AnnotationItem, AnnotationRow, LeaseReason, Task, Verdict } from "../../api/types";

export interface Done {
  clientId: string;
  task: Task;
  verdict: Verdict;
  labels: number[];
}

export interface Desk {
  /** ahead[0] is the picture on the screen. */
  ahead: Task[];
  /** Oldest first; the last one is what undo takes back. */
  done: Done[];
  /** Why nothing is ahead, as far as the server has said. */
  reason: LeaseReason | null;
  /** An image whose undo must reach the server before it can be answered again. */
  awaiting: number | null;
  /** Labels given since the page was opened, undone ones not counted. */
  given: number;
  /** When each label was given, for the pace; milliseconds. */
  times: number[];
}

export const emptyDesk: Desk = {
  ahead: [],
  done: [],
  reason: null,
  awaiting: null,
  given: 0,
  times: [],
};

/** Tasks that are answered here though the server may not know it yet. */
export function answeredTasks(pending: AnnotationItem[], done: Done[]): Set<number> {
  const answered = new Set<number>();
  for (const { task } of done) if (task.id !== null) answered.add(task.id);
  const taskOf = new Map(pending.map((item) => [item.client_id, item.task]));
  for (const item of pending) {
    const taken = item.undoes ? (taskOf.get(item.undoes) ?? item.task) : null;
    if (taken !== null) answered.delete(taken);
    else if (item.task !== null && !item.undoes) answered.add(item.task);
  }
  return answered;
}

/** Appends leased tasks that are neither ahead already nor answered. */
export function receive(desk: Desk, tasks: Task[], reason: LeaseReason | null, answered: Set<number>): Desk {
  const here = new Set(desk.ahead.map((task) => task.image.id));
  const fresh = tasks.filter(
    (task) => !here.has(task.image.id) && !(task.id !== null && answered.has(task.id)),
  );
  return { ...desk, ahead: [...desk.ahead, ...fresh], reason };
}

const paceWindow = 300_000;
const keptBehind = 500;

/** The current picture gets its answer and moves behind; the next one is current. */
export function answer(desk: Desk, clientId: string, verdict: Verdict, labels: number[], now: number): Desk {
  const [task, ...ahead] = desk.ahead;
  if (!task) return desk;
  const label = verdict === "label";
  return {
    ...desk,
    ahead,
    done: [...desk.done, { clientId, task, verdict, labels }].slice(-keptBehind),
    given: desk.given + (label ? 1 : 0),
    times: label ? [...desk.times.filter((time) => now - time < paceWindow), now] : desk.times,
  };
}

/** The last answer is taken back and its picture is current again. */
export function takeBack(desk: Desk): [Desk, Done | null] {
  const last = desk.done.at(-1);
  if (!last) return [desk, null];
  const label = last.verdict === "label";
  return [
    {
      ...desk,
      ahead: [last.task, ...desk.ahead.filter((task) => task.image.id !== last.task.image.id)],
      done: desk.done.slice(0, -1),
      awaiting: last.task.id === null ? last.task.image.id : desk.awaiting,
      given: desk.given - (label ? 1 : 0),
      times: label ? desk.times.slice(0, -1) : desk.times,
    },
    last,
  ];
}

/** The server's word on an undo: the task comes back, with what is on the screen left as it is. */
export function undoConfirmed(desk: Desk, imageId: number, task: Task | null | undefined): Desk {
  const ahead = desk.ahead.map((old) => {
    if (!task || old.image.id !== imageId) return old;
    return old.id === null ? task : { ...old, id: task.id, lease_expires_at: task.lease_expires_at };
  });
  return { ...desk, ahead, awaiting: desk.awaiting === imageId ? null : desk.awaiting };
}

/** Takes a picture off the desk: its undo was refused, so its answer stands. */
export function setAside(desk: Desk, imageId: number): Desk {
  return {
    ...desk,
    ahead: desk.ahead.filter((task) => task.image.id !== imageId),
    awaiting: desk.awaiting === imageId ? null : desk.awaiting,
  };
}

/** Earlier answers of the same person, so that the filmstrip and undo reach across a reload. */
export function remember(desk: Desk, rows: AnnotationRow[]): Desk {
  const known = new Set(desk.done.map((done) => done.clientId));
  const earlier = rows
    .filter((row) => !row.undone && !known.has(row.client_id))
    .map(
      (row): Done => ({
        clientId: row.client_id,
        verdict: row.verdict,
        labels: row.labels,
        task: {
          id: null,
          image: row.image,
          purpose: "queue",
          blind: row.blind,
          rank: 0,
          round_size: 0,
          lease_expires_at: null,
          suggestion: null,
          reason: null,
        },
      }),
    )
    .reverse();
  return { ...desk, done: [...earlier, ...desk.done] };
}

/** Labels a minute over the last five minutes, or null while there are too few to say. */
export function pace(times: number[], now: number): number | null {
  const recent = times.filter((time) => now - time < paceWindow);
  const first = recent[0];
  if (first === undefined || recent.length < 5) return null;
  return ((recent.length - 1) / Math.max(now - first, 1)) * 60_000;
}
