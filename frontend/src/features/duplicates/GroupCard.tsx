import { useMutation, useQueryClient } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type DuplicateGroup, type DuplicatePair, duplicates } from "../../api/datasets";
import { keys } from "../../api/queries";
import type { LabelClass } from "../../api/types";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { ClassTile } from "../../components/ClassTile";
import { Confirm } from "../../components/Dialog";
import { Failure } from "../../components/Page";
import { count, percent } from "../../messages/i18n";
import styles from "./duplicates.module.css";
import { apart, labelsDiffer, type Reason, reasonsOf } from "./reason";

type Member = DuplicateGroup["members"][number];

function useReasonWords(): (reason: Reason) => string {
  const { t } = useTranslation();
  return ({ code, value }) => {
    if (value === undefined) return t(`duplicates.reason.${code}`, { value: "" }).trim();
    if (code === "cropped") return t("duplicates.reason.cropped", { value: percent(value) });
    if (code === "resized" || code === "contrast")
      return t(`duplicates.reason.${code}`, { value: `× ${value.toFixed(2)}` });
    return t(`duplicates.reason.${code}`, { value: count(value) });
  };
}

function Pair({ pair, group }: { pair: DuplicatePair; group: DuplicateGroup }) {
  const { t } = useTranslation();
  const words = useReasonWords();
  const place = (id: number) => group.members.findIndex((one) => one.id === id) + 1;
  const reasons = reasonsOf(pair, group.members);
  return (
    <li>
      {group.members.length > 2 && (
        <span className={styles.which}>
          {place(pair.first)} – {place(pair.second)}
        </span>
      )}
      {reasons.length === 0 && <Badge tone="plain">{t("duplicates.same")}</Badge>}
      {reasons.map((reason) => (
        <Badge key={reason.code} tone="plain">
          {words(reason)}
        </Badge>
      ))}
      <span className={styles.sure}>{t("duplicates.sure", { sure: percent(pair.score, 1) })}</span>
    </li>
  );
}

function Picture({
  of,
  number,
  tile,
  chosen,
  onChoose,
}: {
  of: Member;
  number: number;
  tile: LabelClass | undefined;
  chosen: boolean;
  /** Missing where there is nothing to choose. */
  onChoose?: (chosen: boolean) => void;
}) {
  const { t } = useTranslation();
  return (
    <li className={styles.member} data-chosen={chosen || undefined}>
      <a href={of.urls.preview} target="_blank" rel="noreferrer">
        <img src={of.urls.thumb} alt={of.name} loading="lazy" />
      </a>
      <span className={styles.caption}>
        {onChoose ? (
          <label>
            <input
              type="checkbox"
              checked={chosen}
              aria-label={t("duplicates.choose", { name: of.name })}
              onChange={(event) => onChoose(event.target.checked)}
            />
            {number}
          </label>
        ) : null}
        {tile ? <ClassTile of={tile} size="s" /> : null}
        <span title={of.source}>{tile?.name ?? of.name}</span>
      </span>
      <small title={of.source}>
        {of.width} × {of.height}, {of.name}
      </small>
    </li>
  );
}

function useSplit(project: number, group: DuplicateGroup, onDone: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (images: number[]) => duplicates.split(project, group.group, images),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: keys.duplicates(project) });
      onDone();
    },
  });
}

/** One group of copies side by side, why the machine thinks so, and the way to say that it is wrong. */
export function GroupCard({
  project,
  group,
  classes,
  mayJudge,
}: {
  project: number;
  group: DuplicateGroup;
  classes: LabelClass[];
  mayJudge: boolean;
}) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [asking, setAsking] = useState(false);
  const split = useSplit(project, group, () => setAsking(false));
  const many = group.members.length > 2;
  const images = apart(group, chosen);
  const choose = (id: number, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(id);
    else next.delete(id);
    setChosen(next);
  };
  const action =
    images.length > 0
      ? t("duplicates.splitSome", { count: images.length, number: count(images.length) })
      : t("duplicates.splitAll");
  return (
    <section className={styles.group} data-many={many || undefined} data-testid="duplicate-group">
      <header>
        <h2>{t("duplicates.group", { count: group.members.length, number: count(group.members.length) })}</h2>
        {labelsDiffer(group) && (
          <Badge tone="warn" icon={TriangleAlert}>
            {t("duplicates.labelsDiffer")}
          </Badge>
        )}
        {mayJudge && (
          <Button size="s" onClick={() => setAsking(true)}>
            {action}
          </Button>
        )}
      </header>
      <ul className={styles.members}>
        {group.members.map((one, index) => (
          <Picture
            key={one.id}
            of={one}
            number={index + 1}
            tile={classes.find((row) => row.id === one.label)}
            chosen={chosen.has(one.id)}
            onChoose={many && mayJudge ? (on) => choose(one.id, on) : undefined}
          />
        ))}
      </ul>
      <ul className={styles.pairs}>
        {group.pairs.map((pair) => (
          <Pair key={`${pair.first}-${pair.second}`} pair={pair} group={group} />
        ))}
      </ul>
      {asking && (
        <Confirm
          title={t("duplicates.splitTitle")}
          text={
            <>
              <p>
                {images.length > 0
                  ? t("duplicates.splitSomeText", { count: images.length, number: count(images.length) })
                  : t("duplicates.splitAllText")}
              </p>
              {split.error && <Failure error={split.error} />}
            </>
          }
          action={action}
          busy={split.isPending}
          onConfirm={() => split.mutate(images)}
          onClose={() => setAsking(false)}
        />
      )}
    </section>
  );
}
