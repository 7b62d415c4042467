import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Crosshair } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { focus } from "../../api/focus";
import { keys, useMe } from "../../api/queries";
import { IconButton } from "../../components/Button";
import { showToast } from "../../components/toasts";
import { useProjectContext } from "../../components/useProjectContext";

/** Points one's own queue at a class and goes to label what the model takes for it. */
export function LabelLikely({ label, name }: { label: number; name: string }) {
  const { t } = useTranslation();
  const project = useProjectContext();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { data: me } = useMe();
  const point = useMutation({
    mutationFn: () => focus.set(project.id, { user: me?.user?.id ?? null, class: label, filter: {} }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: keys.focus(project.id) });
      void navigate(`/projects/${project.id}/label`);
    },
    onError: (error) => showToast(error.message, { tone: "bad" }),
  });
  return (
    <IconButton
      label={t("focus.labelLikely", { name })}
      disabled={point.isPending}
      onClick={() => point.mutate()}
    >
      <Crosshair size={14} strokeWidth={1.5} />
    </IconButton>
  );
}
