import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { json } from 'node:stream/consumers';
import { parse } from 'yaml';
import { checkout } from '../../scripts/run-program.ts';
import { exampleFile } from '../rules/inhibition.ts';
import { shortened, timeFactor } from '../rules/shortened.ts';
import { freePort, start, temporaryFolder, until } from './programs.ts';

export type Labels = Readonly<Record<string, string>>;

/** One alert as Alertmanager told a receiver of it. */
export interface Notification {
  /** The receiver of the example configuration: `page`, `working-day`, `dead-man`. */
  readonly receiver: string;
  readonly status: 'firing' | 'resolved';
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly atMs: number;
}

/** Where Alertmanager sends its webhooks. */
export async function startReceiver() {
  const notifications: Notification[] = [];
  const server = createServer(async (request, response) => {
    const { receiver, alerts } = (await json(request)) as {
      receiver: string;
      alerts: Pick<Notification, 'status' | 'labels' | 'annotations'>[];
    };
    const atMs = performance.now();
    for (const { status, labels, annotations } of alerts) {
      notifications.push({ receiver, status, labels, annotations, atMs });
    }
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    notifications: notifications as readonly Notification[],
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface AlertmanagerConfig {
  inhibit_rules: unknown;
  receivers: { name: string; webhook_configs: { url: string; send_resolved?: boolean }[] }[];
}

/**
 * Debian's Alertmanager with the example configuration, its waiting shortened, its webhooks sent to `receiverUrl`.
 * Without inhibitions each alert is heard of, whatever else fires; the dead man's switch tells us of its end, too.
 */
export async function startAlertmanager(receiverUrl: string, inhibitions: 'with' | 'without') {
  const folder = await temporaryFolder();
  const example = shortened(parse(readFileSync(exampleFile, 'utf8'))) as AlertmanagerConfig;
  const config = {
    ...example,
    inhibit_rules: inhibitions === 'with' ? example.inhibit_rules : [],
    receivers: example.receivers.map(({ name }) => ({
      name,
      webhook_configs: [{ url: `${receiverUrl}/${name}`, send_resolved: true }],
    })),
  };
  const file = join(folder.path, 'alertmanager.yml');
  await writeFile(file, JSON.stringify(config));
  const host = `127.0.0.1:${await freePort()}`;
  const program = start('prometheus-alertmanager', [
    `--config.file=${file}`,
    `--storage.path=${join(folder.path, 'data')}`,
    `--web.listen-address=${host}`,
    '--cluster.listen-address=',
  ]);
  const isReady = async () => ((await fetch(`http://${host}/-/ready`)).ok ? true : undefined);
  await until('Alertmanager being ready', isReady).catch((cause: unknown) => {
    throw new Error(program.stderr(), { cause });
  });
  return {
    host,
    stop: async () => {
      await program.end();
      await folder.remove();
    },
  };
}

/** Posts alerts to an Alertmanager and gives the `cluster` of those that it keeps quiet. */
export async function inhibitedOf(host: string, alerts: readonly Labels[]): Promise<readonly string[]> {
  const url = `http://${host}/api/v2/alerts`;
  const body = JSON.stringify(alerts.map((labels) => ({ labels })));
  const headers = { 'content-type': 'application/json' };
  const posted = await fetch(url, { method: 'POST', headers, body });
  if (!posted.ok) throw new Error(`Alertmanager answered ${posted.status}: ${await posted.text()}`);
  const listed = (await (await fetch(url)).json()) as {
    labels: Labels;
    status: { inhibitedBy: readonly string[] };
  }[];
  return listed
    .filter(({ status }) => status.inhibitedBy.length > 0)
    .map(({ labels }) => labels['cluster'] ?? '');
}

interface RulePrometheusOptions {
  readonly ruleFile: string;
  /** The external label that keeps the alerts of one Prometheus apart from those of another. */
  readonly cluster: string;
  readonly scraped: string;
  readonly alertmanager: string;
}

/** Debian's Prometheus with the example configuration and one of our rule files, every waiting and interval shortened. */
export async function startRulePrometheus(options: RulePrometheusOptions) {
  const folder = await temporaryFolder();
  const ruleFile = join(folder.path, basename(options.ruleFile));
  await writeFile(ruleFile, JSON.stringify(shortened(parse(readFileSync(options.ruleFile, 'utf8')))));
  const example = shortened(parse(readFileSync(join(checkout, 'prometheus/prometheus.yml'), 'utf8'))) as {
    global: object;
  };
  const config = {
    global: { ...example.global, external_labels: { cluster: options.cluster } },
    rule_files: [ruleFile],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [options.alertmanager] }] }] },
    scrape_configs: [
      {
        job_name: 'neonwatch',
        metrics_path: `/${options.cluster}`,
        static_configs: [{ targets: [options.scraped] }],
      },
    ],
  };
  const file = join(folder.path, 'prometheus.yml');
  await writeFile(file, JSON.stringify(config));
  const host = `127.0.0.1:${await freePort()}`;
  const program = start(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder.path, 'data')}`,
      `--web.listen-address=${host}`,
      '--web.enable-admin-api',
      // One minute, by the same factor as everything else: an alert that is not repeated ends after four of them.
      `--rules.alert.resend-delay=${60_000 / timeFactor}ms`,
    ],
    { GOMAXPROCS: '1' },
  );
  const isReady = async () => ((await fetch(`http://${host}/-/ready`)).ok ? true : undefined);
  await until('Prometheus being ready', isReady).catch((cause: unknown) => {
    throw new Error(program.stderr(), { cause });
  });
  let isStopped = false;
  return {
    /** Takes away all samples so far, which stands for so much time passing that no range reaches back to them. */
    forget: async () => {
      const match = encodeURIComponent('{__name__=~".+"}');
      const url = `http://${host}/api/v1/admin/tsdb/delete_series?match[]=${match}`;
      const response = await fetch(url, { method: 'POST' });
      if (!response.ok) throw new Error(`Prometheus answered ${response.status}: ${await response.text()}`);
    },
    stop: async () => {
      if (isStopped) return;
      isStopped = true;
      await program.end();
      await folder.remove();
    },
  };
}
