import { useMutation } from "@tanstack/react-query";
import { Copy, Search } from "lucide-react";
import { useTranslation } from "react-i18next";
import { duplicates, useDuplicates } from "../../api/datasets";
import { useActiveJobs } from "../../api/pulse";
import { useClasses } from "../../api/queries";
import { Button } from "../../components/Button";
import { KindJobs } from "../../components/KindJobs";
import { Failure, Placeholder } from "../../components/Page";
import { mayAs } from "../../components/roles";
import { TopBar } from "../../components/TopBar";
import { useNarrow } from "../../components/useNarrow";
import { useProjectContext } from "../../components/useProjectContext";
import { count } from "../../messages/i18n";
import styles from "./duplicates.module.css";
import { GroupCard } from "./GroupCard";

function None({ searched }: { searched: number }) {
  const { t } = useTranslation();
  return (
    <section className={styles.none} data-testid="duplicates-empty">
      <Copy size={24} strokeWidth={1.5} aria-hidden />
      <h2>{searched ? t("duplicates.noneTitle") : t("duplicates.notSearchedTitle")}</h2>
      <p>
        {searched
          ? t("duplicates.noneText", { count: searched, number: count(searched) })
          : t("duplicates.notSearchedText")}
      </p>
    </section>
  );
}

/** Groups of pictures that are copies of one another; a reviewer has the last word. */
export function DuplicatesPage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const narrow = useNarrow();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useDuplicates(project.id);
  const { data: classes } = useClasses(project.id);
  const searching = useActiveJobs(project.id).some((job) => job.kind === "find_duplicates");
  const find = useMutation({ mutationFn: () => duplicates.find(project.id) });
  const groups = data?.pages.flatMap((page) => page.results) ?? [];
  const searched = data?.pages[0]?.searched ?? 0;
  const mayJudge = mayAs(project.role, "reviewer");
  return (
    <>
      <TopBar title={t("duplicates.title")} note={narrow ? undefined : project.name}>
        {project.role === "lead" && (
          <Button
            icon={<Search size={16} strokeWidth={1.5} />}
            disabled={searching || find.isPending}
            onClick={() => find.mutate()}
          >
            {t("duplicates.search")}
          </Button>
        )}
      </TopBar>
      <main className={styles.page}>
        <KindJobs project={project} kind="find_duplicates" />
        {find.error && <Failure error={find.error} />}
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!data && !error && <Placeholder height={240} />}
        {data && groups.length === 0 && !searching && <None searched={searched} />}
        {groups.length > 0 && (
          <p className={styles.hint}>
            {t("duplicates.compared", { count: searched, number: count(searched) })} {t("duplicates.text")}
          </p>
        )}
        {groups.length > 0 && (
          <div className={styles.groups}>
            {groups.map((group) => (
              <GroupCard
                key={group.group}
                project={project.id}
                group={group}
                classes={classes ?? []}
                mayJudge={mayJudge}
              />
            ))}
          </div>
        )}
        {hasNextPage && (
          <div>
            <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              {t("common.more")}
            </Button>
          </div>
        )}
      </main>
    </>
  );
}
