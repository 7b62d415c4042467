import { describe, expect, it } from "vitest";
import type { SiteJob, Worker } from "../../api/site";
import { deviceText, jobOf, missingQueues } from "./workers";

const worker = (part: Partial<Worker>): Worker => ({
  name: "gpu@big",
  queue: "gpu",
  device: {},
  alive: true,
  started_at: "2026-05-01T12:00:00Z",
  last_seen: "2026-05-01T12:00:00Z",
  presets: [],
  strategies: [],
  ...part,
});

describe("workers", () => {
  it("run the job that names them", () => {
    const jobs = [
      { id: 1, worker: "gpu@big", state: "succeeded" },
      { id: 2, worker: "gpu@big", state: "running" },
      { id: 3, worker: "cpu@big", state: "running" },
    ] as SiteJob[];
    expect(jobOf(worker({}), jobs)?.id).toBe(2);
    expect(jobOf(worker({ name: "gpu@small" }), jobs)).toBeUndefined();
  });

  it("are missed where no live one is left for a queue", () => {
    expect(missingQueues([])).toEqual(["interactive", "cpu", "gpu"]);
    expect(
      missingQueues([worker({}), worker({ queue: "cpu" }), worker({ queue: "interactive", alive: false })]),
    ).toEqual(["interactive"]);
  });

  it("tell their device in a few words", () => {
    expect(
      deviceText({ kind: "cuda", name: "NVIDIA H100", memory_gb: 79.6, threads: 8, precision: "float16" }),
    ).toBe("NVIDIA H100, 80 GB, float16");
    expect(
      deviceText({ kind: "cpu", name: "Xeon", memory_gb: 15.6, threads: 2, precision: "bfloat16" }),
    ).toBe("Xeon, 2 threads, bfloat16");
    expect(deviceText({ kind: "cpu", threads: 4 })).toBe("CPU, 4 threads");
    expect(deviceText({})).toBe("");
  });
});
