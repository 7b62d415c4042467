import { useTranslation } from "react-i18next";
import { useKeysOf } from "../commands/useCommands";

function useSpelling(): (key: string) => string {
  const { t } = useTranslation();
  const spell = (key: string): string => {
    if (key.startsWith("mod+")) return `Ctrl ${spell(key.slice(4))}`;
    if (key.startsWith("shift+") && key.length > 6) return `Shift ${spell(key.slice(6))}`;
    if (key === " ") return t("keys.space");
    const arrows: Record<string, string> = { arrowleft: "←", arrowright: "→", arrowup: "↑", arrowdown: "↓" };
    if (arrows[key]) return arrows[key];
    if (key.length === 1) return key.toUpperCase();
    return key.charAt(0).toUpperCase() + key.slice(1);
  };
  return spell;
}

/** Keys as caps, spelled as on the keyboard. */
export function KeyCaps({ keys }: { keys?: string[] }) {
  const spell = useSpelling();
  return (
    <>
      {keys?.map((key) => (
        <kbd key={key}>{spell(key)}</kbd>
      ))}
    </>
  );
}

/** The first key that a command has for this person, as a hint beside its button; nothing when it has none. */
export function KeyHint({ command, before }: { command: string; before?: string }) {
  const spell = useSpelling();
  const key = useKeysOf(command)[0];
  if (key === undefined) return null;
  return (
    <kbd aria-hidden>
      {before && `${before} `}
      {spell(key)}
    </kbd>
  );
}
