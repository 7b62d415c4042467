/** The home page put together from the cards of several features. */
import { BalanceCard } from "./features/balance/BalanceCard";
import { HomePage } from "./features/home/HomePage";
import { FirstImport } from "./features/imports/FirstImport";
import { JobsCard } from "./features/jobs/JobsCard";

export function HomeRoute() {
  return (
    <HomePage
      empty={(project) => <FirstImport project={project} />}
      balance={(project) => <BalanceCard project={project.id} />}
      jobs={(project) => <JobsCard project={project.id} />}
    />
  );
}
