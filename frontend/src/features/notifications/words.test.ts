import i18next, { type TFunction } from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import en from "../../messages/en.json";
import { badge } from "./BellFace";
import { linkOf, toneOf, wordsOf } from "./words";

const project = { id: 7, name: "Clothes" };
let t: TFunction;

beforeAll(async () => {
  t = await i18next.createInstance().init({
    lng: "en",
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false },
  });
});

describe("a notification", () => {
  it("says what has come in and leads to the import", () => {
    const one = {
      kind: "import_finished",
      data: { batch: 3, name: "spring", state: "done", imported: 1200 },
      project,
    };
    expect(wordsOf(t, one)).toBe("Import “spring” is done: 1,200 pictures");
    expect(linkOf(one)).toBe("/projects/7/imports/3");
    expect(toneOf(one)).toBe("good");
  });

  it("says why a model was rejected, as bad news", () => {
    const data = { model: 4, name: "v4", state: "rejected", reasons: ["It is worse on “coat”."] };
    const one = { kind: "model_made", data, project };
    expect(wordsOf(t, one)).toBe("v4 was rejected: It is worse on “coat”.");
    expect(linkOf(one)).toBe("/projects/7/models/4");
    expect(toneOf(one)).toBe("bad");
  });

  it("tells the accuracy of a model that was made, where there is one", () => {
    const data = { model: 4, name: "v4", state: "candidate", accuracy: 0.9123 };
    expect(wordsOf(t, { kind: "model_made", data })).toMatch(/^v4 was trained: 91\.2.% on the test set$/);
    expect(wordsOf(t, { kind: "model_made", data: { ...data, accuracy: null } })).toBe("v4 was trained");
  });

  it.each([
    ["job_failed", { title: "Embed", message: "Out of memory." }, "“Embed” failed: Out of memory.", "/jobs"],
    [
      "run_failed",
      { run: 9, number: 2, message: "No labels." },
      "Training run 2 failed: No labels.",
      "/training/9",
    ],
    ["export_made", { export: 1, filename: "a.zip" }, "Your export a.zip is ready", "/exports"],
    ["case_opened", { case: 5, case_kind: "flag" }, "A picture was flagged", "/review?case=5"],
    [
      "case_opened",
      { case: 5, case_kind: "disagreement" },
      "Labelers disagree on a picture",
      "/review?case=5",
    ],
    [
      "case_answered",
      { case: 5, state: "sent_back" },
      "A picture was sent back, to be looked at again",
      "/review?case=5",
    ],
    ["case_answered", { case: 5, state: "open" }, "There is an answer about a picture", "/review?case=5"],
    ["case_resolved", { case: 5 }, "A picture in question has its label", "/review?case=5"],
    ["member_changed", { user: 1, role: "reviewer" }, "Your role here is now Reviewer", ""],
    [
      "webhook_disabled",
      { host: "example.org", days: 3 },
      "The webhook to example.org has failed for 3 days and was switched off",
      "/settings/webhooks",
    ],
  ])("%s is put into words and leads to its page", (kind, data, words, path) => {
    expect(wordsOf(t, { kind, data })).toBe(words);
    expect(linkOf({ kind, data, project })).toBe(`/projects/7${path}`);
  });

  it("of a kind that this page does not know still says that there is one", () => {
    const one = { kind: "something_new", data: {}, project };
    expect(wordsOf(t, one)).toBe("Something happened in this project");
    expect(linkOf(one)).toBe("/projects/7");
  });
});

describe("the bell", () => {
  it("counts to ninety-nine", () => {
    expect([0, 1, 99, 100].map(badge)).toEqual(["", "1", "99", "99+"]);
  });
});
