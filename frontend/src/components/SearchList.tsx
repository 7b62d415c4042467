import { Search } from "lucide-react";
import { type KeyboardEvent, type ReactNode, type Ref, useEffect, useId, useRef, useState } from "react";
import { fuzzyFilter } from "../commands/fuzzy";
import styles from "./SearchList.module.css";

interface Props<T> {
  items: T[];
  /** What the query is held against: a name, or a name and others after it. */
  text: (item: T) => string | readonly string[];
  itemKey: (item: T) => string | number;
  render: (item: T, query: string) => ReactNode;
  onPick: (item: T) => void;
  onLeave?: () => void;
  label: string;
  placeholder: string;
  empty: string;
  /** Shows the list only while the field has the focus, floating above what follows. */
  floating?: boolean;
  keyHint?: string;
  inputRef?: Ref<HTMLInputElement>;
  autoFocus?: boolean;
  /** Picking leaves the list as it is, to pick again. */
  stays?: boolean;
}

const shown = 60;

/** A search field over a list: type a few letters, arrows move, Enter picks, Escape leaves. */
export function SearchList<T>(props: Props<T>) {
  const { items, text, itemKey, render, onPick, onLeave, floating = false } = props;
  const id = useId();
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const [open, setOpen] = useState(!floating);
  const list = useRef<HTMLDivElement>(null);
  const found = open ? fuzzyFilter(query, items, text).slice(0, shown) : [];
  const at = Math.min(active, Math.max(found.length - 1, 0));

  useEffect(() => {
    list.current?.querySelector(`[data-index="${at}"]`)?.scrollIntoView({ block: "nearest" });
  }, [at]);

  const leave = () => {
    setQuery("");
    setActive(0);
    if (floating) setOpen(false);
    onLeave?.();
  };
  const pick = (item: T | undefined) => {
    if (item === undefined) return;
    if (!props.stays) leave();
    onPick(item);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "ArrowDown") setActive(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setActive(Math.max(at - 1, 0));
    else if (event.key === "Enter") {
      if (!event.repeat) pick(found[at]);
    } else if (event.key === "Escape") leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className={styles.root} data-floating={floating || undefined}>
      <div className={styles.field}>
        <Search size={14} strokeWidth={1.5} aria-hidden />
        <input
          ref={props.inputRef}
          // biome-ignore lint/a11y/noAutofocus: the palette opens because a person asked for its field
          autoFocus={props.autoFocus}
          role="combobox"
          aria-label={props.label}
          aria-expanded={open}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={found.length ? `${id}-${at}` : undefined}
          placeholder={props.placeholder}
          autoComplete="off"
          spellCheck={false}
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setActive(0);
          }}
          onFocus={() => setOpen(true)}
          onBlur={() => floating && setOpen(false)}
          onKeyDown={onKeyDown}
        />
        {props.keyHint && <kbd aria-hidden>{props.keyHint}</kbd>}
      </div>
      {open && (
        <div ref={list} id={`${id}-list`} role="listbox" aria-label={props.label} className={styles.list}>
          {found.map((item, index) => (
            <div
              key={itemKey(item)}
              id={`${id}-${index}`}
              data-index={index}
              role="option"
              tabIndex={-1}
              aria-selected={index === at}
              className={styles.option}
              onMouseDown={(event) => event.preventDefault()}
              onMouseMove={() => setActive(index)}
              onClick={() => pick(item)}
              onKeyDown={onKeyDown}
            >
              {render(item, query)}
            </div>
          ))}
          {!found.length && <p className={styles.empty}>{props.empty}</p>}
        </div>
      )}
    </div>
  );
}
