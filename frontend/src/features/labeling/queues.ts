/** One queue a person and project, alive from page to page until everything in it has been sent. */
import { labeling } from "../../api/endpoints";
import { AnnotationQueue } from "./queue";
import { DatabaseStore } from "./store";

const queues = new Map<string, AnnotationQueue>();

export function queueOf(user: number, project: number): AnnotationQueue {
  const key = `${user}.${project}`;
  const known = queues.get(key);
  if (known) return known;
  const queue = new AnnotationQueue({
    send: (items, keepalive) => labeling.annotate(project, items, keepalive),
    store: new DatabaseStore(user, project),
  });
  queues.set(key, queue);
  return queue;
}
