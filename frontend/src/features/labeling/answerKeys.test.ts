import type { TFunction } from "i18next";
import { beforeEach, describe, expect, it } from "vitest";
import type { LabelClass } from "../../api/types";
import { CommandRegistry } from "../../commands/registry";
import { answering, closing, naming } from "./answerKeys";
import type { DeskController } from "./desk";

const t = ((key: string) => key) as unknown as TFunction;
const one = (id: number, name: string, parent: number | null = null) =>
  ({ id, name, hotkey: name[0], parent, archived: false }) as LabelClass;
/** Tops are a group of shirt and coat; hat and shoe stand alone; shoe and shirt bear the same letter. */
const classes = [one(1, "tops"), one(2, "shirt", 1), one(3, "coat", 1), one(4, "hat"), one(5, "shoe")];

let said: string[];
let open: number | null;
let set: number[];

function keyboard(several: boolean, suggestion: object | null = {}): (...keys: string[]) => string[] {
  const desk = {
    several,
    current: { suggestion },
    get set() {
      return set;
    },
    read: () => ({ open }),
    label: (id: number) => said.push(`label ${id}`),
    pick: (rank: number) => said.push(`pick ${rank}`),
    send: (none = false) => said.push(none ? "none" : "send"),
    openGroup: (group: number | null) => {
      open = group;
      said.push(`open ${group}`);
    },
  } as unknown as DeskController;
  const registry = new CommandRegistry();
  const undo = { id: "undo", label: "", group: "", keys: ["z", "backspace"], run: () => said.push("undo") };
  registry.register([closing(desk, t), ...answering(desk, t), undo, ...naming(desk, classes, t)]);
  return (...keys) => {
    said = [];
    for (const key of keys) registry.find(key)?.run();
    return said;
  };
}

beforeEach(() => {
  said = [];
  open = null;
  set = [];
});

describe("letters of two levels", () => {
  it("answer at the top, and through a group's own letter", () => {
    const press = keyboard(false);
    expect(press("h")).toEqual(["label 4"]);
    expect(press("t", "c")).toEqual(["open 1", "label 3"]);
  });

  it("mean what is on the screen where two levels have the same", () => {
    const press = keyboard(false);
    expect(press("s")).toEqual(["label 5"]);
    expect(press("t", "s")).toEqual(["open 1", "label 2"]);
  });

  it("reach no class of a closed group, and none of the top while one is open", () => {
    const press = keyboard(false);
    expect(press("c")).toEqual([]);
    open = 1;
    expect(press("h")).toEqual([]);
  });

  it("go back with Escape or Backspace, which takes an answer back only at the top", () => {
    const press = keyboard(false);
    expect(press("t", "escape")).toEqual(["open 1", "open null"]);
    expect(press("t", "backspace", "backspace")).toEqual(["open 1", "open null", "undo"]);
    expect(press("t", "z")).toEqual(["open 1", "undo"]);
  });
});

describe("Enter and digits", () => {
  it("accept what is suggested where a picture has one label", () => {
    const press = keyboard(false);
    expect(press("enter", "2")).toEqual(["pick 0", "pick 1"]);
    expect(press("shift+enter")).toEqual([]);
    expect(keyboard(false, null)("enter", "1")).toEqual([]);
  });

  it("send the set where there may be several, none only when that is meant", () => {
    const press = keyboard(true, null);
    expect(press("enter")).toEqual([]);
    expect(press("shift+enter")).toEqual(["none"]);
    set = [4];
    expect(press("enter")).toEqual(["send"]);
  });

  it("take the guess of their rank in or out of the set", () => {
    expect(keyboard(true)("3")).toEqual(["pick 2"]);
    expect(keyboard(true, null)("3")).toEqual([]);
  });
});
