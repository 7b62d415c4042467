import { Flag, MessageSquare, Split } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Case } from "../../api/review";
import { ClassTile } from "../../components/ClassTile";
import { labelNames, type Tiles } from "../../components/Labels";
import { VirtualGrid } from "../../components/VirtualGrid";
import { ago, count, duration } from "../../messages/i18n";
import { ballots } from "./cases";
import styles from "./review.module.css";
import type { ReviewRoom } from "./useReviewRoom";

const lineHeight = 64;
const oneColumn = 100_000;

/** What the case is about in a glance: the classes that were voted for, or who flagged it. */
function About({ one, tiles }: { one: Case; tiles: Tiles }) {
  const { t } = useTranslation();
  if (one.resolution) return <>{labelNames(one.resolution.labels, tiles)}</>;
  if (one.flag) return <>{t("review.flaggedBy", { name: one.flag.user.name })}</>;
  return (
    <span className={styles.versus}>
      {ballots(one.votes).map(({ labels }) => {
        const tile = tiles.get(labels[0] ?? 0);
        return (
          <span key={labels.join()}>
            {tile && <ClassTile of={tile} />}
            {tile?.name ?? t("label.noClass")}
          </span>
        );
      })}
    </span>
  );
}

function Line({ one, tiles }: { one: Case; tiles: Tiles }) {
  const { t } = useTranslation();
  const Icon = one.kind === "flag" ? Flag : Split;
  const last = one.comments.at(-1);
  return (
    <span className={styles.line} data-testid="review-row" data-case={one.id}>
      <img src={one.image.urls.thumb} alt="" width={44} height={44} />
      <span className={styles.about}>
        <b>
          <Icon size={14} strokeWidth={1.5} aria-hidden />
          {!one.flag && <span className="visually-hidden">{t(`review.kinds.${one.kind}`)}</span>}
          <About one={one} tiles={tiles} />
        </b>
        <small>
          <span>{last ? last.text : one.image.name}</span>
          {one.comments.length > 0 && (
            <i>
              <MessageSquare size={12} strokeWidth={1.5} aria-hidden /> {count(one.comments.length)}
            </i>
          )}
          <time dateTime={one.updated_at}>{duration(ago(one.updated_at))}</time>
        </small>
      </span>
    </span>
  );
}

/** The cases of a tab, the newest first. */
export function CaseList({ room }: { room: ReviewRoom }) {
  const { t } = useTranslation();
  const { rows, tiles, at } = room;
  return (
    <div className={styles.list}>
      <VirtualGrid
        key={room.tab}
        count={rows.length}
        least={oneColumn}
        gap={0}
        heightOf={() => lineHeight}
        label={t("review.cases")}
        selected={at}
        cell={(index) => {
          const one = rows[index];
          return {
            key: one?.id ?? index,
            content: one && <Line one={one} tiles={tiles} />,
          };
        }}
        onOpen={room.choose}
        onMove={room.moveTo}
        onEnd={room.onEnd}
      />
    </div>
  );
}
