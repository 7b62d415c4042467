/** What a person fills in for a new snapshot, and what is sent for it. */
import type { MinTrust, SnapshotDraft, SplitName } from "../../api/datasets";

export interface Form {
  name: string;
  minTrust: MinTrust;
  certified: boolean;
  least: string;
  most: string;
  imported: boolean;
  /** Per cent. */
  shares: Record<SplitName, string>;
}

export type Wrong = Partial<Record<"least" | "most" | "shares", "number" | "order" | "sum" | "train">>;

export const emptyForm: Form = {
  name: "",
  minTrust: "imported",
  certified: false,
  least: "",
  most: "",
  imported: false,
  shares: { train: "70", validation: "15", test: "15" },
};

const wholeNumber = /^[1-9]\d{0,8}$/;

function limit(text: string): number | null | "number" {
  if (text.trim() === "") return null;
  return wholeNumber.test(text.trim()) ? Number(text) : "number";
}

/** Per cent as typed; a decimal comma is as good as a point. */
export function share(text: string): number {
  const number = text.trim() === "" ? Number.NaN : Number(text.replace(",", "."));
  return number >= 0 && number <= 100 ? number : Number.NaN;
}

export function sumOf(shares: Form["shares"]): number {
  return Math.round((share(shares.train) + share(shares.validation) + share(shares.test)) * 1000) / 1000;
}

export function wrongIn(form: Form): Wrong {
  const wrong: Wrong = {};
  const [least, most] = [limit(form.least), limit(form.most)];
  if (least === "number") wrong.least = "number";
  if (most === "number") wrong.most = "number";
  if (typeof least === "number" && typeof most === "number" && least > most) wrong.most = "order";
  if (form.imported) return wrong;
  const sum = sumOf(form.shares);
  if (Number.isNaN(sum)) wrong.shares = "number";
  else if (sum !== 100) wrong.shares = "sum";
  else if (share(form.shares.train) === 0) wrong.shares = "train";
  return wrong;
}

/** The request for a form in which nothing is wrong. */
export function draftOf(form: Form): SnapshotDraft {
  const [least, most] = [limit(form.least), limit(form.most)];
  const part = (name: SplitName) => share(form.shares[name]) / 100;
  return {
    name: form.name.trim(),
    min_trust: form.minTrust,
    include_certified: form.certified,
    min_per_class: typeof least === "number" ? least : null,
    max_per_class: typeof most === "number" ? most : null,
    splits: form.imported
      ? "imported"
      : { train: part("train"), validation: part("validation"), test: part("test") },
  };
}
