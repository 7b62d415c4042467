import { useEffect } from "react";
import { useMe } from "../../api/queries";
import { reportKept } from "../../components/online";
import { senderOf } from "./senders";

/** Sends confirmed pages that were kept here, on every page of the project. */
export function VerifyKeeper({ project }: { project: number }) {
  const { data: me } = useMe();
  const user = me?.user?.id;
  useEffect(() => {
    if (user === undefined) return;
    const sender = senderOf(user, project);
    const report = () => {
      const { pending, state } = sender.read();
      reportKept(pending, state !== "unreachable", "pages");
    };
    const resume = () => sender.resume();
    const leave = () => {
      if (document.visibilityState === "hidden") void sender.flush(true);
    };
    resume();
    report();
    const stop = sender.subscribe(report);
    window.addEventListener("online", resume);
    document.addEventListener("visibilitychange", leave);
    return () => {
      stop();
      reportKept(0, true, "pages");
      window.removeEventListener("online", resume);
      document.removeEventListener("visibilitychange", leave);
    };
  }, [user, project]);
  return null;
}
