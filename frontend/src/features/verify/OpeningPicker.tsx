/** The class picker with its list, in a file of its own that the page does not wait for. */
import { useState } from "react";
import { Button as AriaButton, Dialog as AriaDialog, DialogTrigger, Popover } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { ClassTile } from "../../components/ClassTile";
import { SearchList } from "../../components/SearchList";
import { count } from "../../messages/i18n";
import { type Entry, PickerFace, type PickerProps } from "./PickerFace";
import styles from "./verify.module.css";

/** The class in the question; behind it, all of them with what waits in each. `asked`: opened before it was here. */
export default function OpeningPicker(props: PickerProps & { asked: boolean }) {
  const { entries, label, onPick, asked } = props;
  const { t } = useTranslation();
  const [open, setOpen] = useState(asked);
  return (
    <DialogTrigger isOpen={open} onOpenChange={setOpen}>
      <AriaButton className={styles.picker} data-testid="verify-class">
        <PickerFace {...props} />
      </AriaButton>
      <Popover className={styles.list} placement="bottom start">
        <AriaDialog aria-label={label} className={styles.listInside}>
          <SearchList<Entry>
            autoFocus
            items={entries}
            text={({ of }) => of.name}
            itemKey={({ of }) => of.id}
            label={label}
            placeholder={t("label.classPlaceholder")}
            empty={t("label.noSuchClass")}
            onLeave={() => setOpen(false)}
            onPick={({ of }) => onPick(of.id)}
            render={({ of, waiting }) => (
              <>
                <ClassTile of={of} />
                <span className={styles.entry}>{of.name}</span>
                {waiting !== null && <span className={styles.waiting}>{count(waiting)}</span>}
              </>
            )}
          />
        </AriaDialog>
      </Popover>
    </DialogTrigger>
  );
}
