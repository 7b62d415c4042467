import { Check, CircleAlert, CircleSlash, Clock, Loader } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { JobState } from "../../api/types";
import { Badge, type Tone } from "../../components/Badge";

const looks: Record<JobState, [Tone, typeof Check]> = {
  queued: ["plain", Clock],
  running: ["accent", Loader],
  succeeded: ["good", Check],
  failed: ["bad", CircleAlert],
  cancelled: ["plain", CircleSlash],
};

export function RunState({ state }: { state: JobState }) {
  const { t } = useTranslation();
  const [tone, icon] = looks[state];
  return (
    <Badge tone={tone} icon={icon}>
      {t(`jobs.state.${state}`)}
    </Badge>
  );
}
