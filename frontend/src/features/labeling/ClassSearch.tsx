import { useTranslation } from "react-i18next";
import type { LabelClass } from "../../api/types";
import { ClassTile } from "../../components/ClassTile";
import { SearchList } from "../../components/SearchList";
import type { PanelProps } from "./Panel";

export function ClassSearch({ desk, classes, search }: Pick<PanelProps, "desk" | "classes" | "search">) {
  const { t } = useTranslation();
  return (
    <SearchList<LabelClass>
      floating
      items={classes}
      text={(one) => one.name}
      itemKey={(one) => one.id}
      inputRef={search}
      label={t("label.searchClass")}
      placeholder={t("label.classPlaceholder")}
      empty={t("label.noSuchClass")}
      keyHint="/"
      onLeave={() => search.current?.blur()}
      onPick={(one) => desk.label(one.id)}
      render={(one) => (
        <>
          <ClassTile of={one} />
          {one.name}
        </>
      )}
    />
  );
}
