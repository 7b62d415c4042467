/** Why a picture was picked, in a sentence of the page's language. */
import type { TFunction } from "i18next";
import type { LabelClass, Task } from "../../api/types";
import { count } from "../../messages/i18n";

type Reason = NonNullable<Task["reason"]>;
type ClassOf = (id: number | null) => LabelClass | undefined;

/** The sentence for a task's reason; the server's where a class or code is unknown, null where there is none to tell. */
export function reasonWords(t: TFunction, task: Task, classOf: ClassOf): string | null {
  if (task.blind || !task.reason) return null;
  return plain(t, task.reason.code) ?? named(t, task, task.reason, classOf) ?? (task.reason.text || null);
}

function plain(t: TFunction, code: string): string | null {
  switch (code) {
    case "unlike_labelled":
      return t("reason.unlike_labelled");
    case "typical":
      return t("reason.typical");
    case "random":
      return t("reason.random");
    case "control":
      return t("reason.control");
    default:
      return null;
  }
}

/** A sentence about classes, if their names are known. */
function named(t: TFunction, task: Task, reason: Reason, classOf: ClassOf): string | null {
  const { code, lacks } = reason;
  const [first, second] = (task.suggestion?.top ?? []).map((one) => classOf(one.class)?.name);
  const name = classOf(reason.class)?.name;
  if (code === "torn" && first && second) return t("reason.torn", { first, second });
  if (code === "unsure" && first) return t("reason.unsure", { first });
  if (code === "doubtful" && name) return t("reason.doubtful", { name });
  if (code === "focus") return name ? t("reason.focus", { name }) : t("reason.focusOther");
  if (code === "rare" && name) return t("reason.rare", { name });
  if (code === "short" && name && lacks)
    return t("reason.short", { name, count: lacks, number: count(lacks) });
  return null;
}
