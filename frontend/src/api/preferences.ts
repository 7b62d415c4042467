/** What the pages keep for a person on the server, on every machine: own keys. */
import { api, body } from "./client";

type Change = { keys: Record<string, string[]>; letters: boolean };

export const preferences = {
  /** Answers with all that is kept. */
  change: (change: Change) => body(api.PATCH("/api/auth/me/preferences", { body: change })),
};
