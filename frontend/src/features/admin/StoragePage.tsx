import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { type Measured, type ProjectUse, type Storage, site, siteKeys, useStorage } from "../../api/site";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Confirm } from "../../components/Dialog";
import { JobBar } from "../../components/JobBar";
import { Card, Failure, FormError, PageHead, Placeholder } from "../../components/Page";
import { Progress } from "../../components/Progress";
import { Table } from "../../components/Table";
import { ago, count, dateTime, duration, fileSize } from "../../messages/i18n";
import styles from "./admin.module.css";
import { columns, sizeIn } from "./storage";

function DiskCard({ disk }: { disk: Storage["disk"] }) {
  const { t } = useTranslation();
  const used = disk.total - disk.free;
  const text = t("storage.free", { free: fileSize(disk.free), total: fileSize(disk.total) });
  return (
    <Card title={t("storage.disk")} aside={text}>
      <Progress value={disk.total ? used / disk.total : 0} label={text} />
    </Card>
  );
}

function UseRow({ use }: { use: ProjectUse }) {
  const { t } = useTranslation();
  const name = use.name || t("storage.gone", { id: use.project });
  return (
    <tr data-testid="project-use">
      <td>
        {use.name ? <Link to={`/projects/${use.project}`}>{name}</Link> : name}
        {use.archived && (
          <>
            {" "}
            <Badge tone="plain">{t("storage.archived")}</Badge>
          </>
        )}
      </td>
      {columns.map((column) => (
        <td key={column.name} data-number>
          {fileSize(sizeIn(use, column))}
        </td>
      ))}
      <td data-number>
        <b className={styles.strong}>{fileSize(use.total)}</b>
      </td>
    </tr>
  );
}

function UseCard({ measured }: { measured: Measured }) {
  const { t } = useTranslation();
  const shared = Object.entries(measured.shared).filter(([, bytes]) => bytes > 0);
  return (
    <Card title={t("storage.use")} aside={fileSize(measured.total)}>
      {measured.projects.length > 0 && (
        <Table label={t("storage.use")}>
          <thead>
            <tr>
              <th className={styles.wide}>{t("storage.project")}</th>
              {columns.map(({ name }) => (
                <th key={name} data-number>
                  {t(`storage.columns.${name}`)}
                </th>
              ))}
              <th data-number>{t("storage.total")}</th>
            </tr>
          </thead>
          <tbody>
            {[...measured.projects]
              .sort((a, b) => b.total - a.total)
              .map((use) => (
                <UseRow key={use.project} use={use} />
              ))}
          </tbody>
        </Table>
      )}
      <dl className={styles.sizes}>
        {shared.map(([kind, bytes]) => (
          <div key={kind}>
            <dt>{t(`storage.shared.${kind}` as "storage.shared.database")}</dt>
            <dd>{fileSize(bytes)}</dd>
          </div>
        ))}
      </dl>
      <p className={styles.second}>{t("storage.sharedPictures")}</p>
    </Card>
  );
}

function GarbageCard({ measured, collect }: { measured: Measured; collect: () => void }) {
  const { t } = useTranslation();
  const size = fileSize(measured.garbage_bytes);
  return (
    <Card title={t("storage.garbage")}>
      <p className={styles.text}>
        {measured.garbage.length === 0
          ? t("storage.noGarbage")
          : measured.dry_run
            ? t("storage.found", { size })
            : t("storage.freed", { size })}
      </p>
      <dl className={styles.sizes}>
        {measured.garbage.map(({ kind, count: number, bytes }) => (
          <div key={kind}>
            <dt>{t(`storage.kinds.${kind}` as "storage.kinds.scores")}</dt>
            <dd>
              {count(number)} · {fileSize(bytes)}
            </dd>
          </div>
        ))}
      </dl>
      {measured.dry_run && measured.garbage.length > 0 && (
        <Button onClick={collect}>{t("storage.collect")}</Button>
      )}
    </Card>
  );
}

/** What takes room on this installation, and clearing away what nobody needs; for site admins. */
export function StoragePage() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { data, error, refetch } = useStorage();
  const [asking, setAsking] = useState(false);
  const start = useMutation({
    mutationFn: site.collect,
    onSettled: () => client.invalidateQueries({ queryKey: siteKeys.storage }),
  });
  const measured = data?.measured;
  const busy = start.isPending || Boolean(data?.jobs.length);
  return (
    <main className={`${styles.page} ${styles.broad}`}>
      <PageHead
        title={t("storage.title")}
        note={
          measured && (
            <span title={dateTime(measured.measured_at)}>
              {t("storage.measured", { time: duration(ago(measured.measured_at)) })}
            </span>
          )
        }
      >
        <Button disabled={busy} onClick={() => start.mutate(true)}>
          {t("storage.measure")}
        </Button>
        <Button disabled={busy} onClick={() => setAsking(true)}>
          {t("storage.collect")}
        </Button>
      </PageHead>
      {error && <Failure error={error} retry={() => void refetch()} />}
      <FormError error={start.error} />
      {!data && !error && <Placeholder height={200} />}
      {data?.jobs.map((job) => (
        <Card key={job.id}>
          <JobBar job={job} />
        </Card>
      ))}
      {data && <DiskCard disk={data.disk} />}
      {data && !measured && !data.jobs.length && (
        <Card>
          <p className={styles.text}>{t("storage.nothingYet")}</p>
        </Card>
      )}
      {measured && <GarbageCard measured={measured} collect={() => setAsking(true)} />}
      {measured && <UseCard measured={measured} />}
      {asking && (
        <Confirm
          title={t("storage.collectTitle")}
          text={t("storage.collectText")}
          action={t("storage.collect")}
          look="primary"
          onConfirm={() => {
            start.mutate(false);
            setAsking(false);
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </main>
  );
}
