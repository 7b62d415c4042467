/** The class-balance report of a run, or of this moment. */
import { useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { keys } from "./queries";
import type { components } from "./schema";

export type BalanceReport = components["schemas"]["BalanceReport"];
export type ReportClass = components["schemas"]["BalanceClass"];
export type ReportSpread = Pick<BalanceReport["summary"], "imbalance_ratio" | "effective_number" | "entropy">;
export type ReportPoint = components["schemas"]["BalanceTrendPoint"];
export type Said = components["schemas"]["BalanceSaid"];

export const reportForms = ["csv", "json", "html"] as const;

/** Where a report is, in one of its forms; without a run it is that of this moment. */
export function reportPath(project: number, run: number | null, form: (typeof reportForms)[number]): string {
  return `/api/projects/${project}/${run === null ? "balance-report" : `runs/${run}/balance`}?as=${form}`;
}

const read = (project_id: number, run_id: number | null) =>
  run_id === null
    ? body(api.GET("/api/projects/{project_id}/balance-report", { params: { path: { project_id } } }))
    : body(
        api.GET("/api/projects/{project_id}/runs/{run_id}/balance", {
          params: { path: { project_id, run_id } },
        }),
      );

/** A stored report lies below the runs, which a pulse makes stale when a run has made its own. The report of this
 * moment costs a computation, so it is asked for twice a minute, not with every label. */
export const useBalanceReport = (project: number, run: number | null) =>
  useQuery<BalanceReport>({
    queryKey: run === null ? ["project", project, "balance-report"] : [...keys.runs(project), run, "balance"],
    queryFn: () => read(project, run),
    refetchInterval: run === null ? 30_000 : false,
  });
