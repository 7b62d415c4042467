/** What a focus is about, in the words of the page. */
import { useTranslation } from "react-i18next";
import type { Focus } from "../api/focus";
import type { LabelClass } from "../api/types";
import { percent } from "../messages/i18n";

/** A maker of words such as “likely hat, import autumn, 20 – 60 %”. */
export function useFocusWords(classes: LabelClass[]): (focus: Focus) => string {
  const { t } = useTranslation();
  return ({ class: label, filter, batch_name }) => {
    const name = classes.find((one) => one.id === label)?.name;
    const { min_confidence: low, max_confidence: high } = filter;
    const parts = [
      name && t("focus.likely", { name }),
      batch_name && t("focus.import", { name: batch_name }),
      (low !== undefined || high !== undefined) &&
        t("focus.between", { low: percent(low ?? 0, 0), high: percent(high ?? 1, 0) }),
    ];
    return parts.filter(Boolean).join(", ");
  };
}
