import { Check, CircleAlert, CircleSlash, Clock, Loader } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { JobState as State } from "../../api/types";
import { Badge } from "../../components/Badge";

const looks = {
  queued: { tone: "plain", icon: Clock },
  running: { tone: "accent", icon: Loader },
  succeeded: { tone: "good", icon: Check },
  failed: { tone: "bad", icon: CircleAlert },
  cancelled: { tone: "plain", icon: CircleSlash },
} as const;

export function JobState({ state }: { state: State }) {
  const { t } = useTranslation();
  return <Badge {...looks[state]}>{t(`jobs.state.${state}`)}</Badge>;
}
