/** Follows the lead's focus while the Label page is open. */
import { useEffect, useRef } from "react";
import { current, useFocuses } from "../../api/focus";
import { useMe } from "../../api/queries";
import type { DeskController } from "./desk";

/** When the queue is pointed elsewhere, the pictures that wait unseen are exchanged for those asked for. */
export function useRepoint(project: number, desk: DeskController): void {
  const { data: me } = useMe();
  const { data } = useFocuses(project);
  const before = useRef<string>(undefined);
  const found = data && me?.user ? current(data.results, me.user.id) : null;
  const now = data && JSON.stringify(found && [found.id, found.class, found.filter]);
  useEffect(() => {
    const last = before.current;
    before.current = now;
    if (last !== undefined && now !== undefined && last !== now) void desk.repoint();
  }, [now, desk]);
}
