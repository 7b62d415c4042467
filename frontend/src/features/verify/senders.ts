/** One sender a person and project, alive from page to page until everything in it has been sent. */
import { verify } from "../../api/verify";
import { PageSender } from "./sender";
import { LocalParcels } from "./store";

const senders = new Map<string, PageSender>();

export function senderOf(user: number, project: number): PageSender {
  const key = `${user}.${project}`;
  const known = senders.get(key);
  if (known) return known;
  const sender = new PageSender({
    send: (parcel, keepalive) =>
      parcel.kind === "confirm"
        ? verify.confirm(project, parcel.page, parcel.body, keepalive)
        : verify.undo(project, parcel.page, parcel.client_id, keepalive),
    store: new LocalParcels(user, project),
  });
  senders.set(key, sender);
  return sender;
}
