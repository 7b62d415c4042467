import { useEffect } from "react";
import { useMe } from "../../api/queries";
import { reportKept } from "../../components/online";
import { queueOf } from "./queues";

/** Sends what was kept here, on every page of the project: after a reload, a lost network, a new sign-in. */
export function UnsentKeeper({ project }: { project: number }) {
  const { data: me } = useMe();
  const user = me?.user?.id;
  useEffect(() => {
    if (user === undefined) return;
    const queue = queueOf(user, project);
    const report = () => {
      const { pending, state } = queue.read();
      reportKept(pending, state !== "unreachable");
    };
    const resume = () => queue.resume();
    const leave = () => {
      if (document.visibilityState === "hidden") void queue.flush(true);
    };
    resume();
    report();
    const stop = queue.subscribe(report);
    window.addEventListener("online", resume);
    document.addEventListener("visibilitychange", leave);
    return () => {
      stop();
      window.removeEventListener("online", resume);
      document.removeEventListener("visibilitychange", leave);
    };
  }, [user, project]);
  return null;
}
