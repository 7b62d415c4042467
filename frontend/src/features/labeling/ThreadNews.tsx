import { MessageSquareReply } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { type Notification, useNews } from "../../api/events";
import { useOverview } from "../../api/queries";
import { count } from "../../messages/i18n";
import styles from "./statusbar.module.css";

const answers = new Set(["case_answered", "case_resolved"]);

/** The newest unread word in a thread of mine about a picture of this project. */
function answered(list: Notification[] | undefined, project: number): Notification | undefined {
  return list?.find((one) => !one.read && one.project.id === project && answers.has(one.kind));
}

/** Says that a picture came back, or that somebody answered in a thread; leads there. */
export function ThreadNews({ project }: { project: number }) {
  const { t } = useTranslation();
  const back = useOverview(project).data?.review?.sent_back_to_me ?? 0;
  const news = answered(useNews().data?.results, project);
  if (!back && !news) return null;
  const review = `/projects/${project}/review`;
  return (
    <Link
      to={back || !news ? review : `${review}?case=${news.data.case}`}
      className={styles.news}
      role="status"
      data-testid="thread-news"
    >
      <MessageSquareReply size={14} strokeWidth={1.5} aria-hidden />
      {back ? t("label.sentBack", { count: back, number: count(back) }) : t("label.threadAnswered")}
    </Link>
  );
}
