/** A leased task for tests. */
import type { Task } from "../../api/types";

export function task(id: number): Task {
  return {
    id,
    image: {
      id: id + 100,
      position: id,
      name: `${id}.jpg`,
      source: "",
      width: 4,
      height: 3,
      label: null,
      trust: 0,
      label_version: 0,
      urls: { thumb: "t", model: "m", preview: `p${id}` },
    },
    purpose: "queue",
    blind: false,
    rank: id,
    round_size: 9,
    lease_expires_at: null,
    suggestion: {
      head: "v1.1",
      class: 7,
      confidence: 0.9,
      top: [{ class: 7, confidence: 0.9 }],
      suggested: [7],
    },
    reason: null,
  };
}
