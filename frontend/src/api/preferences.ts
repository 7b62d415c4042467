/** What the pages keep for a person on the server: own keys. */
import { api, body } from "./client";

export interface Preferences {
  keys?: Record<string, string[]>;
  letters?: boolean;
}

export const preferences = {
  change: (change: Preferences) =>
    body(api.PATCH("/api/auth/me/preferences" as never, { body: change } as never)) as Promise<Preferences>,
};
