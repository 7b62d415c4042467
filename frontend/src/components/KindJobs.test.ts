import { describe, expect, it } from "vitest";
import type { Job } from "../api/types";
import { lastFailure } from "./KindJobs";

const noon = "2026-06-01T12:00:00Z";
const soon = Date.parse(noon) + 3_600_000;
const job = (id: number, kind: Job["kind"], state: Job["state"]) =>
  ({ id, kind, state, finished_at: state === "running" ? null : noon }) as Job;

describe("what went wrong last", () => {
  it("is the newest job of the kind, if it failed", () => {
    const jobs = [job(3, "export", "failed"), job(2, "export", "succeeded"), job(4, "embed", "succeeded")];
    expect(lastFailure(jobs, "export", soon)?.id).toBe(3);
  });

  it("is forgotten once a later one runs, went well or was called off", () => {
    for (const state of ["running", "succeeded", "cancelled"] as const)
      expect(lastFailure([job(3, "export", "failed"), job(5, "export", state)], "export", soon)).toBeNull();
    expect(lastFailure([job(3, "embed", "failed")], "export", soon)).toBeNull();
  });

  it("is no news after a day", () => {
    expect(lastFailure([job(3, "export", "failed")], "export", soon + 25 * 3_600_000)).toBeNull();
  });
});
