/** The button of the class picker, the same before and after its list has arrived. */
import { ChevronDown } from "lucide-react";
import type { LabelClass } from "../../api/types";
import { ClassTile } from "../../components/ClassTile";

export interface Entry {
  of: LabelClass;
  waiting: number | null;
}

export interface PickerProps {
  chosen: LabelClass | undefined;
  entries: Entry[];
  label: string;
  /** Said where no class is chosen yet. */
  empty: string;
  onPick: (id: number) => void;
}

export function PickerFace({ chosen, label, empty }: PickerProps) {
  return (
    <>
      <span className="visually-hidden">{label}</span>
      {chosen && <ClassTile of={chosen} size="l" />}
      <b data-empty={chosen ? undefined : ""}>{chosen?.name ?? empty}</b>
      <ChevronDown size={16} strokeWidth={1.5} aria-hidden />
    </>
  );
}
