/** The labelling history: what was said, narrowed down, corrected and taken back. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { labeling } from "./endpoints";
import { keys } from "./queries";
import type { components, operations } from "./schema";
import type { AnnotationResult } from "./types";
import { uuid } from "./uuid";

type Schemas = components["schemas"];
type Asked = NonNullable<operations["history"]["parameters"]["query"]>;

export type HistoryRow = Schemas["AnnotationRow"];
export type HistoryPage = Schemas["AnnotationPage"];

/** `who`: one's own, everybody's, or one person's. */
export interface HistoryQuery {
  who: "mine" | "all" | number;
  class?: number;
  verdict?: Exclude<Asked["verdict"], "" | undefined>;
  origin?: Exclude<Asked["origin"], "" | undefined>;
  state?: Exclude<Asked["state"], "" | undefined>;
  /** An ISO moment. */
  since?: string;
  q?: string;
}

const pageSize = 100;

const list = (project_id: number, { who, ...narrowed }: HistoryQuery, after?: number) =>
  body(
    api.GET("/api/projects/{project_id}/annotations", {
      params: {
        path: { project_id },
        query: {
          ...narrowed,
          mine: who === "mine" ? true : undefined,
          user: typeof who === "number" ? who : undefined,
          after,
          limit: pageSize,
        },
      },
    }),
  );

export const useHistory = (p: number, query: HistoryQuery) =>
  useInfiniteQuery({
    queryKey: [...keys.history(p), query],
    queryFn: ({ pageParam }) => list(p, query, pageParam),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });

async function one(project: number, item: Parameters<typeof labeling.annotate>[1][number]) {
  const { results } = await labeling.annotate(project, [item], false);
  const result = results[0];
  if (!result) throw new Error("The server answered nothing.");
  return result;
}

/** Gives a picture another label, as of the version that was seen. */
export function correct(
  project: number,
  image: number,
  labels: number[],
  seenVersion: number,
): Promise<AnnotationResult> {
  return one(project, {
    client_id: uuid(),
    task: null,
    image,
    verdict: "label",
    labels,
    seen_version: seenVersion,
  });
}

/** Takes one's own answer back. */
export function takeBack(project: number, image: number, clientId: string): Promise<AnnotationResult> {
  return one(project, { client_id: uuid(), task: null, image, undoes: clientId });
}
