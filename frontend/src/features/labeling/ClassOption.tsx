import type { LabelClass } from "../../api/types";
import { foundBy } from "../../commands/fuzzy";
import { ClassTile } from "../../components/ClassTile";
import styles from "./panel.module.css";

/** What a class is searched by: its name first. */
export function namesOf(of: LabelClass): readonly string[] {
  return of.aliases.length ? [of.name, ...of.aliases] : [of.name];
}

/** A class in a list that was searched, with the other name by which it was found. */
export function ClassOption({ of, query, group }: { of: LabelClass; query: string; group?: string }) {
  const other = foundBy(query, namesOf(of));
  return (
    <>
      <ClassTile of={of} />
      <span className={styles.optionName}>
        {group && <small>{group} › </small>}
        {of.name}
      </span>
      {other && <small className={styles.otherName}>{other}</small>}
    </>
  );
}
