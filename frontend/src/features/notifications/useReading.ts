/** Marking notifications as read. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type Notification, notifications } from "../../api/events";
import { keys } from "../../api/queries";

export function useReading() {
  const client = useQueryClient();
  const read = useMutation({
    mutationFn: notifications.read,
    onSettled: () => client.invalidateQueries({ queryKey: keys.notifications() }),
  });
  return {
    error: read.error,
    busy: read.isPending,
    one: (of: Notification) => {
      if (!of.read) read.mutate({ ids: [of.id] });
    },
    all: () => read.mutate({ all: true }),
  };
}
