import { useTranslation } from "react-i18next";

/** Keys as caps, spelled as on the keyboard. */
export function KeyCaps({ keys }: { keys?: string[] }) {
  const { t } = useTranslation();
  const spell = (key: string): string => {
    if (key.startsWith("mod+")) return `Ctrl ${spell(key.slice(4))}`;
    if (key === " ") return t("keys.space");
    if (key.length === 1) return key.toUpperCase();
    return key.charAt(0).toUpperCase() + key.slice(1);
  };
  return (
    <>
      {keys?.map((key) => (
        <kbd key={key}>{spell(key)}</kbd>
      ))}
    </>
  );
}
