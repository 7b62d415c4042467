import { CheckCheck, ChevronLeft, CornerUpLeft, Flag, RotateCcw, Split, Undo2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { type Case, useLabelledNeighbours } from "../../api/review";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { ClassPicker } from "../../components/ClassPicker";
import { ClassTile } from "../../components/ClassTile";
import { keepFocus } from "../../components/keepFocus";
import { Labels, type Tiles } from "../../components/Labels";
import { useProjectContext } from "../../components/useProjectContext";
import { ZoomView } from "../../components/ZoomView";
import { count } from "../../messages/i18n";
import parts from "./case.module.css";
import styles from "./review.module.css";
import { Thread } from "./Thread";
import type { ReviewRoom } from "./useReviewRoom";
import { Accept, ModelSays, Votes } from "./Votes";

/** The nearest labelled pictures, as far as they may be seen. */
function NearLabelled({ one, tiles }: { one: Case; tiles: Tiles }) {
  const { t } = useTranslation();
  const project = useProjectContext();
  const { data } = useLabelledNeighbours(project.id, one.image.id);
  if (!data?.results.length) return null;
  return (
    <section>
      <small>{t("review.neighbours")}</small>
      <ul className={parts.near}>
        {data.results.map(({ image, label, cosine }) => {
          const tile = label === null ? undefined : tiles.get(label);
          return (
            <li key={image.id} title={tile?.name}>
              <img src={image.urls.thumb} alt={tile?.name ?? ""} loading="lazy" />
              <span>
                {tile && <ClassTile of={tile} />}
                {cosine.toFixed(2)}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** What the case is, and how it stands. */
function Standing({ one, tiles, user }: { one: Case; tiles: Tiles; user: number }) {
  const { t } = useTranslation();
  const flag = one.kind === "flag";
  return (
    <section className={parts.standing}>
      <Badge tone={flag ? "warn" : "accent"} icon={flag ? Flag : Split}>
        {t(`review.kinds.${one.kind}`)}
      </Badge>
      {one.flag && <span>{t("review.flaggedBy", { name: one.flag.user.name })}</span>}
      {one.state === "sent_back" && one.assignee && (
        <span>
          {one.assignee.id === user
            ? t("review.isBackToMe")
            : t("review.isBack", { name: one.assignee.name })}
        </span>
      )}
      {one.state === "resolved" && (
        <span className={parts.resolved}>
          <CheckCheck size={16} strokeWidth={1.5} aria-hidden />
          {one.resolution ? (
            <>
              {t("review.resolvedBy", { name: one.resolution.user.name })}
              <Labels ids={one.resolution.labels} tiles={tiles} />
            </>
          ) : (
            t("review.resolvedAlone")
          )}
        </span>
      )}
    </section>
  );
}

function Actions({ room }: { room: ReviewRoom }) {
  const { t } = useTranslation();
  const { one, reviewer, decides } = room;
  return (
    <footer className={parts.actions}>
      {reviewer && decides && (
        <Button
          icon={<CornerUpLeft size={16} strokeWidth={1.5} aria-hidden />}
          keyHint={room.classes.some((other) => other.hotkey === "b") ? "Shift B" : "B"}
          onMouseDown={keepFocus}
          onClick={() => room.setAsking(true)}
        >
          {t("review.sendBack")}
        </Button>
      )}
      {reviewer && one?.state === "resolved" && (
        <Button
          icon={<RotateCcw size={16} strokeWidth={1.5} aria-hidden />}
          onMouseDown={keepFocus}
          onClick={room.reopen}
        >
          {t("review.reopen")}
        </Button>
      )}
      <Button
        look="quiet"
        icon={<Undo2 size={16} strokeWidth={1.5} aria-hidden />}
        keyHint="Z"
        onMouseDown={keepFocus}
        onClick={() => void room.undo()}
      >
        {t("review.undoShort")}
      </Button>
    </footer>
  );
}

/** One case: the picture large, and beside it all that was said and can be said of it. */
export function CaseView({ room, one, narrow }: { room: ReviewRoom; one: Case; narrow: boolean }) {
  const { t } = useTranslation();
  const { image } = one;
  const { tiles, decides, several } = room;
  return (
    <div
      ref={room.view}
      tabIndex={-1}
      className={styles.case}
      data-testid="review-case"
      data-case={one.id}
      data-state={one.state}
    >
      <div className={styles.stage}>
        <ZoomView
          src={image.urls.preview}
          alt={image.name}
          width={image.width}
          height={image.height}
          actual={room.actual}
          onActual={room.setActual}
        />
        {narrow ? (
          <Button
            className={styles.back}
            icon={<ChevronLeft size={16} strokeWidth={1.5} aria-hidden />}
            onClick={room.close}
          >
            {t("review.cases")}
          </Button>
        ) : (
          <p className={styles.caption}>
            {image.name}
            <br />
            {t("jobs.doneOf", {
              done: count(room.at + 1),
              total: `${count(room.rows.length)}${room.hasNextPage ? "+" : ""}`,
            })}
          </p>
        )}
        <p className={styles.hints} aria-hidden>
          <kbd>↑</kbd>
          <kbd>↓</kbd> {t("review.otherCases")}
          <kbd>{t("keys.space")}</kbd> {t("label.zoom")}
        </p>
      </div>
      <aside className={styles.panel} aria-label={t("review.case")}>
        <div className={parts.scroll}>
          <Standing one={one} tiles={tiles} user={room.user} />
          <Votes room={room} />
          <ModelSays room={room} />
          {decides && (
            <section>
              <small>{t(several ? "review.otherSeveral" : "review.other")}</small>
              <ClassPicker
                keys={room.keys}
                classes={room.classes}
                chosen={room.draft}
                search={room.search}
                onPick={room.name}
              />
            </section>
          )}
          <Thread one={one} user={room.user} field={room.reply} onReply={room.comment} />
          <NearLabelled one={one} tiles={tiles} />
        </div>
        <div className={parts.foot}>
          <Accept room={room} />
          <Actions room={room} />
        </div>
      </aside>
    </div>
  );
}
