import { Archive, CircleAlert, Clock, Zap } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { ModelState as State } from "../../api/modeling";
import { Badge, type Tone } from "../../components/Badge";

const looks: Record<State, [Tone, typeof Zap]> = {
  serving: ["good", Zap],
  candidate: ["accent", Clock],
  rejected: ["bad", CircleAlert],
  retired: ["plain", Archive],
};

export function ModelState({ state }: { state: State }) {
  const { t } = useTranslation();
  const [tone, icon] = looks[state];
  return (
    <Badge tone={tone} icon={icon}>
      {t(`models.state.${state}`)}
    </Badge>
  );
}
