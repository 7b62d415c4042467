import { useMutation } from "@tanstack/react-query";
import { type KeyboardEvent, type RefObject, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Case } from "../../api/review";
import { Button } from "../../components/Button";
import { KeyHint } from "../../components/KeyCaps";
import { FormError } from "../../components/Page";
import { dateTime } from "../../messages/i18n";
import styles from "./case.module.css";

/** What people wrote about the picture, and a field to answer in. */
export function Thread({
  one,
  user,
  field,
  onReply,
}: {
  one: Case;
  user: number;
  field: RefObject<HTMLTextAreaElement | null>;
  onReply: (text: string) => Promise<void>;
}) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const send = useMutation({ mutationFn: onReply, onSuccess: () => setText("") });
  const { reset } = send;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another case has another thread
  useEffect(() => {
    setText("");
    reset();
  }, [one.id]);
  const submit = () => {
    if (text.trim() && !send.isPending) send.mutate(text.trim());
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape") event.currentTarget.blur();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
    else return;
    event.preventDefault();
  };
  return (
    <section className={styles.thread} aria-label={t("review.thread")}>
      <small>
        {t("review.thread")} <KeyHint command="review.reply" />
      </small>
      {one.comments.length > 0 ? (
        <ol>
          {one.comments.map((comment) => (
            <li key={comment.id} data-mine={comment.user.id === user || undefined}>
              <header>
                <b>{comment.user.name}</b>
                <time dateTime={comment.created_at}>{dateTime(comment.created_at)}</time>
              </header>
              <p>{comment.text}</p>
            </li>
          ))}
        </ol>
      ) : (
        <p className={styles.quiet}>{t("review.noComments")}</p>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <textarea
          ref={field}
          rows={2}
          maxLength={4000}
          aria-label={t("review.replyField")}
          placeholder={t("review.replyPlaceholder")}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <FormError error={send.error} />
        <Button type="submit" size="s" keyHint="Ctrl Enter" disabled={!text.trim() || send.isPending}>
          {t("review.send")}
        </Button>
      </form>
    </section>
  );
}
