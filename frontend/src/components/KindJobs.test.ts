import { describe, expect, it } from "vitest";
import type { Job } from "../api/types";
import { lastFailure } from "./KindJobs";

const job = (id: number, kind: Job["kind"], state: Job["state"]) => ({ id, kind, state }) as Job;

describe("what went wrong last", () => {
  it("is the newest job of the kind, if it failed", () => {
    const jobs = [job(3, "export", "failed"), job(2, "export", "succeeded"), job(4, "embed", "succeeded")];
    expect(lastFailure(jobs, "export")?.id).toBe(3);
  });

  it("is forgotten once a later one went well or was called off", () => {
    expect(lastFailure([job(3, "export", "failed"), job(5, "export", "succeeded")], "export")).toBeNull();
    expect(lastFailure([job(3, "export", "failed"), job(5, "export", "cancelled")], "export")).toBeNull();
    expect(lastFailure([job(3, "embed", "failed")], "export")).toBeNull();
  });
});
