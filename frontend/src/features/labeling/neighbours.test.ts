import { describe, expect, it, vi } from "vitest";
import type { Neighbours } from "../../api/guide";
import { NeighbourCache, votesFor } from "./neighbours";

const found = (...labels: (number | null)[]): Neighbours => ({
  results: labels.map((label, index) => ({
    image: {
      id: index,
      position: index,
      name: "",
      source: "",
      width: 4,
      height: 3,
      label,
      trust: 4,
      label_version: 1,
      urls: { thumb: `t${index}`, model: "", preview: "" },
    },
    cosine: 0.9,
    label,
    trust: 4,
  })),
  reason: null,
});

/** A server that answers when it is told to. */
class Server {
  asked: number[] = [];
  private answers: (() => void)[] = [];
  ask = (image: number): Promise<Neighbours> => {
    this.asked.push(image);
    return new Promise((resolve) => this.answers.push(() => resolve(found(7, 8))));
  };
  answer = async () => {
    this.answers.shift()?.();
    await vi.waitFor(() => {});
  };
}

describe("labelled neighbours of the pictures to come", () => {
  it("are asked for two at a time, the nearest picture first, and then are there", async () => {
    const server = new Server();
    const thumbs: string[] = [];
    const cache = new NeighbourCache(server.ask, (thumb) => thumbs.push(thumb));
    cache.want([1, 2, 3]);
    expect(server.asked).toEqual([1, 2]);
    await server.answer();
    expect(server.asked).toEqual([1, 2, 3]);
    expect(cache.peek(1)?.results).toHaveLength(2);
    expect(thumbs).toEqual(["t0", "t1"]);
  });

  it("are not asked for twice, nor when they are no longer wanted", async () => {
    const server = new Server();
    const cache = new NeighbourCache(server.ask);
    cache.want([1, 2, 3]);
    cache.want([2, 9]);
    await server.answer();
    expect(server.asked).toEqual([1, 2, 9]);
    cache.want([1]);
    expect(server.asked).toEqual([1, 2, 9]);
  });

  it("are asked for again after a failure, or when a new model is in use", async () => {
    const ask = vi.fn().mockRejectedValueOnce(new Error("offline")).mockResolvedValue(found(7));
    const cache = new NeighbourCache(ask);
    cache.want([1]);
    await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(1));
    await vi.waitFor(() => {
      cache.want([1]);
      expect(cache.peek(1)).toBeDefined();
    });
    cache.clear();
    expect(cache.peek(1)).toBeUndefined();
  });
});

it("counts the neighbours that say a class", () => {
  expect(votesFor(found(7, 8, 7, null), 7)).toBe(2);
  expect(votesFor(found(null), null)).toBe(0);
});
