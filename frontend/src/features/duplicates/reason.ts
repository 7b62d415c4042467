/** Why two pictures are taken for copies, as codes with the one number that helps to see it. */
import type { DuplicateGroup, DuplicatePair } from "../../api/datasets";

export interface Reason {
  code: "re-encoded" | "resized" | "lighter" | "darker" | "contrast" | "mirrored" | "cropped";
  /** Times, grey levels or a share, by code; absent where there is no number to tell. */
  value?: number;
}

type Member = DuplicateGroup["members"][number];

/** Grey levels from which a change of brightness is told as lighter or darker, not as contrast. */
const visible = 2;

function brightness({ offset, gain }: DuplicatePair): Reason {
  if (offset >= visible) return { code: "lighter", value: Math.round(offset) };
  if (offset <= -visible) return { code: "darker", value: Math.round(-offset) };
  return { code: "contrast", value: gain };
}

/** The reasons of a pair. Larger and smaller are told by the pictures' own sizes. */
export function reasonsOf(pair: DuplicatePair, members: Member[]): Reason[] {
  const [first, second] = [pair.first, pair.second].map((id) => members.find((one) => one.id === id));
  return pair.changes.map((change): Reason => {
    if (change === "brightness") return brightness(pair);
    if (change === "cropped") return { code: "cropped", value: pair.area };
    if (change === "resized")
      return { code: "resized", value: first && second ? second.width / first.width : undefined };
    return { code: change };
  });
}

/** Whether people gave pictures of the group different labels: one of them must be wrong. */
export function labelsDiffer(group: DuplicateGroup): boolean {
  const labels = new Set(group.members.map((one) => one.label).filter((label) => label !== null));
  return labels.size > 1;
}

/** What is sent to take pictures out of a group; all of them or none chosen means that each stands for itself. */
export function apart(group: DuplicateGroup, chosen: ReadonlySet<number>): number[] {
  return chosen.size === group.members.length ? [] : [...chosen];
}
