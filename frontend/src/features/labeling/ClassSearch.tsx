import { useTranslation } from "react-i18next";
import type { LabelClass } from "../../api/types";
import { SearchList } from "../../components/SearchList";
import { ClassOption, namesOf } from "./ClassOption";
import type { PanelProps } from "./Panel";

type SearchProps = Pick<PanelProps, "desk" | "classes" | "classOf" | "search">;

/** Any class by a few letters of its name or of another name. */
export function ClassSearch({ desk, classes, classOf, search }: SearchProps) {
  const { t } = useTranslation();
  return (
    <SearchList<LabelClass>
      floating
      items={classes}
      text={namesOf}
      itemKey={(one) => one.id}
      inputRef={search}
      label={t("label.searchClass")}
      placeholder={t("label.classPlaceholder")}
      empty={t("label.noSuchClass")}
      keyHint="/"
      onLeave={() => search.current?.blur()}
      onPick={(one) => desk.label(one.id)}
      render={(one, query) => <ClassOption of={one} query={query} group={classOf(one.parent)?.name} />}
    />
  );
}
