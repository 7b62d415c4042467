import { Tab, TabList, TabPanel, Tabs } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { Link, useParams, useSearchParams } from "react-router";
import { ApiError } from "../../api/client";
import type { ModelDetail } from "../../api/modeling";
import { useModel } from "../../api/modelingCalls";
import { Lost } from "../../components/Crash";
import { Failure, Placeholder } from "../../components/Page";
import { TopBar } from "../../components/TopBar";
import { useProjectContext } from "../../components/useProjectContext";
import { dateTime } from "../../messages/i18n";
import { DetailsTab, DownloadLink } from "./DetailsTab";
import { GatePanel } from "./GatePanel";
import { ModelState } from "./ModelState";
import styles from "./models.module.css";
import { QualityTab } from "./QualityTab";
import { TryIt } from "./TryIt";

const tabs = ["quality", "try", "details"] as const;
type Section = (typeof tabs)[number];

function Heads({ note }: { note: string }) {
  const { t } = useTranslation();
  return (
    <div className={styles.tabs}>
      <TabList aria-label={t("models.sections")} className={styles.tabList}>
        {tabs.map((one) => (
          <Tab key={one} id={one}>
            {t(`models.tab.${one}`)}
          </Tab>
        ))}
      </TabList>
      <span>{note}</span>
    </div>
  );
}

function Content({ model, tab }: { model: ModelDetail; tab: Section }) {
  if (tab === "try") return <TryIt model={model} />;
  if (tab === "details") return <DetailsTab model={model} />;
  return (
    <>
      <GatePanel model={model} />
      <QualityTab model={model} />
    </>
  );
}

export function ModelPage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const [search, setSearch] = useSearchParams();
  const { data: model, error, refetch } = useModel(project.id, Number(useParams().modelId));
  const tab = tabs.find((one) => one === search.get("tab")) ?? "quality";
  if (error instanceof ApiError && error.status === 404) return <Lost />;
  return (
    <>
      <TopBar
        title={
          <>
            <Link to={`/projects/${project.id}/models`} className={styles.crumb}>
              {t("models.title")}
            </Link>
            {model?.name}
          </>
        }
        note={
          model && (
            <span className={styles.note}>
              <ModelState state={model.state} /> <span className={styles.wide}>{model.backbone}</span>
            </span>
          )
        }
      >
        {model && <DownloadLink model={model} />}
      </TopBar>
      <Tabs
        selectedKey={tab}
        onSelectionChange={(next) =>
          setSearch(next === "quality" ? {} : { tab: String(next) }, { replace: true })
        }
      >
        <Heads note={model ? dateTime(model.created_at) : ""} />
        <main>
          <TabPanel id={tab} className={styles.page}>
            {error && <Failure error={error} retry={() => void refetch()} />}
            {!model && !error && <Placeholder height={400} />}
            {model && <Content model={model} tab={tab} />}
          </TabPanel>
        </main>
      </Tabs>
    </>
  );
}
