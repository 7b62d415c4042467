import i18next, { type TFunction } from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import type { LabelClass, Task } from "../../api/types";
import en from "../../messages/en.json";
import { reasonWords } from "./reason";

let t: TFunction;
beforeAll(async () => {
  t = await i18next.createInstance().init({ lng: "en", resources: { en: { translation: en } } });
});

const names = new Map([
  [1, "coat"],
  [2, "jacket"],
]);
const classOf = (id: number | null) => {
  const name = names.get(id ?? 0);
  return name ? ({ id, name } as unknown as LabelClass) : undefined;
};

function task(code: string, more: Partial<NonNullable<Task["reason"]>> = {}, top = [1, 2]): Task {
  const numbers = { margin: 0.1, nearest_similarity: null, look_alikes: 0, class: null, lacks: null };
  return {
    blind: false,
    reason: { code, text: "The server's words.", ...numbers, ...more },
    suggestion: { top: top.map((id) => ({ class: id, confidence: 0.5 })) },
  } as unknown as Task;
}

describe("the reason of a picture", () => {
  it.each([
    [task("torn"), "Torn between coat and jacket."],
    [task("unsure"), "No class stands out; coat comes first."],
    [task("doubtful", { class: 2 }), "The model cannot tell whether jacket is in it."],
    [task("unlike_labelled"), "Unlike anything labelled so far."],
    [task("typical"), "Typical of many pictures that nobody has labelled."],
    [task("rare", { class: 2 }), "Looks like the rare class jacket."],
    [task("short", { class: 2, lacks: 120 }), "Probably jacket, which still lacks 120 pictures."],
    [task("short", { class: 2, lacks: 1 }), "Probably jacket, which still lacks 1 picture."],
    [task("random"), "Picked at random."],
    [task("control"), "Picked at random, as a comparison."],
  ])("names the classes that it is about", (given, sentence) => {
    expect(reasonWords(t, given, classOf)).toBe(sentence);
  });

  it.each([
    task("torn", {}, [1]),
    task("torn", {}, [1, 9]),
    task("unsure", {}, []),
    task("rare", { class: 9 }),
    task("doubtful"),
    task("short", { class: 2 }),
    task("a new code"),
  ])("is the server's where the page does not know better", (given) => {
    expect(reasonWords(t, given, classOf)).toBe("The server's words.");
  });

  it("is never told of a blind picture, nor made up", () => {
    expect(reasonWords(t, { ...task("torn"), blind: true }, classOf)).toBeNull();
    expect(reasonWords(t, { ...task("torn"), reason: null }, classOf)).toBeNull();
    expect(reasonWords(t, task("an old code", { text: "" }), classOf)).toBeNull();
  });
});
