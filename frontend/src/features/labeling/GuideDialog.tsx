import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { LabelClass, Project } from "../../api/types";
import { leaves } from "../../components/classTree";
import { Dialog } from "../../components/Dialog";
import { Markdown } from "../../components/Markdown";
import { SearchList } from "../../components/SearchList";
import { ClassGuide, type ClassOf } from "./ClassGuide";
import { ClassOption, namesOf } from "./ClassOption";
import styles from "./guide.module.css";

interface Props {
  project: Project;
  classes: LabelClass[];
  classOf: ClassOf;
  /** The class to begin with; null: what the lead says about all of them. */
  first: number | null;
  onClose: () => void;
}

/** What counts as what: the lead's instructions, and each class in words and pictures. */
export function GuideDialog({ project, classes, classOf, first, onClose }: Props) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(first);
  const of = classOf(shown);
  return (
    <Dialog title={t("label.guide")} look="wide" onClose={onClose}>
      <div className={styles.guide}>
        <div className={styles.list}>
          <SearchList<LabelClass>
            autoFocus
            items={leaves(classes)}
            text={namesOf}
            itemKey={(one) => one.id}
            label={t("label.searchClass")}
            placeholder={t("label.classPlaceholder")}
            empty={t("label.noSuchClass")}
            onLeave={onClose}
            onPick={(one) => setShown(one.id)}
            stays
            render={(one, query) => <ClassOption of={one} query={query} group={classOf(one.parent)?.name} />}
          />
          <button type="button" className={styles.all} onClick={() => setShown(null)} aria-pressed={!of}>
            {t("guide.general")}
          </button>
        </div>
        <div className={styles.page}>
          {of ? (
            <ClassGuide key={of.id} project={project.id} of={of} classOf={classOf} />
          ) : (
            <Markdown text={project.instructions || t("label.noInstructions")} />
          )}
        </div>
      </div>
    </Dialog>
  );
}
