import { useTranslation } from "react-i18next";
import { useOverview } from "../../api/queries";
import type { Project } from "../../api/types";
import { LinkButton } from "../../components/Button";
import { Failure, Placeholder } from "../../components/Page";
import { mayAs } from "../../components/roles";
import { TopBar } from "../../components/TopBar";
import { useNarrow } from "../../components/useNarrow";
import { useProjectContext } from "../../components/useProjectContext";
import { count } from "../../messages/i18n";
import { AgreementView } from "./AgreementView";
import { CaseList } from "./CaseList";
import { CaseView } from "./CaseView";
import type { Tab } from "./cases";
import styles from "./review.module.css";
import { SendBackDialog } from "./SendBackDialog";
import { type ReviewRoom, useReviewRoom } from "./useReviewRoom";

function Tabs({ room, project }: { room: ReviewRoom; project: Project }) {
  const { t } = useTranslation();
  const { data: overview } = useOverview(project.id);
  const waiting: Partial<Record<Tab, number>> = {
    open: overview?.review.open,
    back: overview?.review.sent_back_to_me,
  };
  return (
    <nav className={styles.tabs} aria-label={t("review.tabsLabel")}>
      {room.tabs.map((tab) => (
        <button
          key={tab}
          type="button"
          aria-current={tab === room.tab ? "page" : undefined}
          onClick={() => room.setTab(tab)}
        >
          {t(`review.tabs.${tab}`)}
          {waiting[tab] ? <span>{count(waiting[tab])}</span> : null}
        </button>
      ))}
    </nav>
  );
}

function Nothing({ tab, project }: { tab: Exclude<Tab, "agreement">; project: Project }) {
  const { t } = useTranslation();
  const once = project.overlap_share === 0;
  const lead = mayAs(project.role, "lead");
  const settings = tab === "open" && once && lead;
  return (
    <div className={styles.nothing} data-testid="review-empty">
      <h2>{t(`review.empty.${tab}`)}</h2>
      <p>{t(`review.emptyText.${tab}`)}</p>
      {tab === "open" && once && <p>{t(lead ? "review.overlapOff" : "review.overlapOffAsk")}</p>}
      {settings ? (
        <LinkButton to={`/projects/${project.id}/settings`} look="primary" size="l">
          {t("review.toSettings")}
        </LinkButton>
      ) : (
        <LinkButton to={`/projects/${project.id}/label`} look="primary" size="l">
          {t("gallery.goLabel")}
        </LinkButton>
      )}
    </div>
  );
}

function Cases({ room, project }: { room: ReviewRoom; project: Project }) {
  const narrow = useNarrow();
  const { one, tab, error, data } = room;
  if (error) return <Failure error={error} retry={() => void room.refetch()} />;
  if (!data) return <Placeholder height={320} />;
  if (!one) return tab === "agreement" ? null : <Nothing tab={tab} project={project} />;
  return (
    <div className={styles.room}>
      {!(narrow && room.picked) && <CaseList room={room} />}
      {(!narrow || room.picked) && <CaseView room={room} one={one} narrow={narrow} />}
    </div>
  );
}

/** Pictures that people have to talk about: for reviewers to decide, for labelers to look at again. */
export function ReviewPage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const room = useReviewRoom(project);
  return (
    <div className={styles.page}>
      <TopBar title={t("review.title")} note={t(room.reviewer ? "review.note" : "review.noteMine")} />
      <Tabs room={room} project={project} />
      <main className={styles.main}>
        {room.linkError && <Failure error={room.linkError} />}
        {room.tab === "agreement" ? (
          <AgreementView project={project} />
        ) : (
          <Cases room={room} project={project} />
        )}
      </main>
      {room.asking && room.one && (
        <SendBackDialog
          project={project.id}
          one={room.one}
          user={room.user}
          onSend={room.sendBack}
          onClose={() => room.setAsking(false)}
        />
      )}
    </div>
  );
}
