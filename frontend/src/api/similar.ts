/** Look-alikes of a picture: what is asked, and how several of them get a label at once. */
import { useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { labeling } from "./endpoints";
import { keys } from "./queries";
import type { components } from "./schema";
import type { AnnotationItem, AnnotationReply } from "./types";
import { uuid } from "./uuid";

export type LookAlike = components["schemas"]["SimilarImage"];

const shown = 60;
const retryMs = 3_000;

/** Nearest first. While they are being found it asks again by itself. */
export const useLookAlikes = (project_id: number, image_id: number) =>
  useQuery({
    queryKey: [...keys.images(project_id), "similar", image_id],
    queryFn: () =>
      body(
        api.GET("/api/projects/{project_id}/images/{image_id}/similar", {
          params: { path: { project_id, image_id }, query: { count: shown } },
        }),
      ),
    refetchInterval: ({ state }) => askAgain(state.data?.reason),
  });

/** One answer for each picture, as it is seen now: one that somebody changed meanwhile keeps what it has. */
export function answers(
  pictures: Pick<LookAlike, "id" | "label_version">[],
  label: number,
): AnnotationItem[] {
  return pictures.map((picture) => ({
    client_id: uuid(),
    task: null,
    image: picture.id,
    verdict: "label" as const,
    labels: [label],
    origin: "bulk" as const,
    seen_version: picture.label_version,
  }));
}

/** Gives pictures a label. */
export function labelAll(project: number, pictures: LookAlike[], label: number): Promise<AnnotationReply> {
  return labeling.annotate(project, answers(pictures, label), false);
}

/** Milliseconds until look-alikes are asked for again: while they are being found. */
export function askAgain(reason: string | null | undefined): number | false {
  return reason === "computing" || reason === "embedding" ? retryMs : false;
}

/** How many of the answers were not taken. */
export function refused(reply: { results: { status: string }[] }): number {
  return reply.results.filter((one) => one.status === "conflict" || one.status === "invalid").length;
}
