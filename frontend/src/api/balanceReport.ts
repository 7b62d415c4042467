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

/** Its key lies below the balance's, so that whatever makes that stale makes this stale. */
export const useBalanceReport = (project: number, run: number | null) =>
  useQuery<BalanceReport>({
    queryKey: [...keys.balance(project), "report", run],
    queryFn: () => read(project, run),
    placeholderData: (before) => (run === null ? before : undefined),
  });
