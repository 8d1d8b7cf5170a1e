import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { caseTables } from '../findings/case-tables.ts';
import { type FindingCase, type FindingCases, playCase, tickMs } from '../findings/finding-case.ts';
import { type CaseSeries, seriesOfCase } from '../rules/case-series.ts';
import { type Rule, rules } from '../rules/rule-files.ts';

/** What one alert is fed: first what makes it fire, then what is well. */
export interface AlertFeed {
  readonly rule: Rule & { readonly alert: string };
  readonly sick: CaseSeries;
  /** What comes after; without a case that is well, nothing at all, as from a target that is gone. */
  readonly well: CaseSeries | undefined;
  /** Whom the alert is about, as the case says: `node 3`, `compute main [WRONG_ORDER]`; undefined for our own. */
  readonly firing: readonly string[] | undefined;
}

const oneLook = (values: Readonly<Record<string, number>>): CaseSeries =>
  new Map(Object.entries(values).map(([text, value]) => [text, [value]]));

/** Alerts about neonwatch itself have no detector and no cases; instants count from now. */
const ownFeeds: Readonly<Record<string, Pick<AlertFeed, 'sick' | 'well'>>> = {
  NeonwatchWatchdog: { sick: new Map(), well: undefined },
  NeonwatchAbsent: { sick: new Map(), well: oneLook({ 'neonwatch_build_info{version="1"}': 1 }) },
  NeonwatchCollectorDown: {
    sick: oneLook({ 'neonwatch_collector_up{collector="nodes",target="controller:1234"}': 0 }),
    well: oneLook({ 'neonwatch_collector_up{collector="nodes",target="controller:1234"}': 1 }),
  },
  NeonwatchFindingsStale: {
    sick: oneLook({ neonwatch_findings_evaluated_timestamp_seconds: -400 }),
    well: oneLook({ neonwatch_findings_evaluated_timestamp_seconds: 0 }),
  },
  NeonwatchSnapshotStale: {
    sick: oneLook({ neonwatch_snapshot_timestamp_seconds: -200 }),
    well: oneLook({ neonwatch_snapshot_timestamp_seconds: 0 }),
  },
  NeonwatchSeriesDropped: {
    sick: oneLook({ 'neonwatch_series_dropped{collector="tenants",reason="budget"}': 7 }),
    well: oneLook({ 'neonwatch_series_dropped{collector="tenants",reason="budget"}': 0 }),
  },
  NeonwatchFamilyQuarantined: {
    sick: new Map([
      ['neonwatch_families_quarantined_total{family="f",collector="nodes",reason="r"}', [3, 3, 3, 4]],
    ]),
    well: oneLook({ 'neonwatch_families_quarantined_total{family="f",collector="nodes",reason="r"}': 4 }),
  },
};

/**
 * Looks of a case to leave out at its beginning: what an `unless` over a range must have left behind would stay within
 * that range, whose length is not shortened.
 */
const skippedLooks: Readonly<Record<string, number>> = { NeonArchivingFailing: 600_000 / tickMs };

const looksIn = ({ steps }: FindingCase): number => steps.reduce((sum, { forMs }) => sum + forMs / tickMs, 0);

/** The case that fires soonest: the waiting is in real time. */
function firingCase({ cases, detector }: FindingCases): FindingCase {
  const [soonest] = cases
    .filter(({ firing, onlyDetector }) => firing.length > 0 && onlyDetector === undefined)
    .sort((left, right) => looksIn(left) - looksIn(right));
  if (soonest === undefined) throw new Error(`${detector.id} has no case in which its rule fires`);
  return soonest;
}

/** A case of the same table that ends in a world in which nothing is wrong, unknown or waiting; that world alone. */
async function wellCase({ cases, detector }: FindingCases): Promise<FindingCase | undefined> {
  for (const row of cases.filter(
    ({ firing, onlyDetector }) => firing.length === 0 && onlyDetector === undefined,
  )) {
    const world = row.steps.at(-1)?.world ?? [];
    const alone = { ...row, steps: [{ forMs: 8 * tickMs, world }] };
    const { state, last } = await playCase(detector, alone);
    if (state.alerts.size === 0 && last.unknown.length === 0) return alone;
  }
  return undefined;
}

async function lastLookOf({ detector }: FindingCases, row: FindingCase): Promise<CaseSeries> {
  const series = await seriesOfCase(detector, row);
  return from(series, looksOfSeries(series) - 1);
}

async function feedOf(rule: AlertFeed['rule']): Promise<AlertFeed> {
  const own = ownFeeds[rule.alert];
  if (own !== undefined) return { rule, firing: undefined, ...own };
  const table = caseTables.find(({ detector }) => detector.alert === rule.alert);
  if (table === undefined) throw new Error(`${rule.alert} has no cases`);
  const [sick, well] = [firingCase(table), await wellCase(table)];
  return {
    rule,
    firing: sick.firing,
    sick: from(await seriesOfCase(table.detector, sick), skippedLooks[rule.alert] ?? 0),
    well: well === undefined ? undefined : await lastLookOf(table, well),
  };
}

const looksOfSeries = (series: CaseSeries): number =>
  Math.max(1, ...[...series.values()].map(({ length }) => length));

/** The looks of a series from one on; instants count from that one. */
function from(series: CaseSeries, look: number): CaseSeries {
  const sinceStart = (look * tickMs) / 1000;
  const moved = (text: string, value: number | undefined) =>
    value !== undefined && isInstant(text) ? value - sinceStart : value;
  return new Map(
    [...series].map(([text, values]) => [text, values.slice(look).map((value) => moved(text, value))]),
  );
}

/** A feed for every alert there is, the longest first, so that no long one is left for the end. */
export async function allFeeds(): Promise<readonly AlertFeed[]> {
  const alerts = rules.flatMap((rule) => (rule.alert === undefined ? [] : [{ ...rule, alert: rule.alert }]));
  const feeds = await Promise.all(alerts.map(feedOf));
  return feeds.sort((left, right) => looksOfSeries(right.sick) - looksOfSeries(left.sick));
}

const isInstant = (text: string): boolean => /^\w+_timestamp_seconds($|\{)/.test(text);

const valueText = (value: number): string => {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? String(value) : `${value > 0 ? '+' : '-'}Inf`;
};

/** What a case has as if it had been scraped; a real scrape adds its own. */
const withoutScrapeLabels = (text: string): string =>
  text.replace(/\b(instance|job)="[^"]*",?/g, '').replace(',}', '}');

/** One look as an exposition. A case's instants count from its start; here they are as long ago as they were there. */
function expositionOf(series: CaseSeries, tick: number, nowMs: number): string {
  const sinceStart = (tick * tickMs) / 1000;
  const lines = [...series].flatMap(([text, values]) => {
    const value = values[tick];
    if (value === undefined) return [];
    return [
      `${withoutScrapeLabels(text)} ${valueText(isInstant(text) ? value - sinceStart + nowMs / 1000 : value)}\n`,
    ];
  });
  return lines.join('');
}

export interface FeedServer {
  /** `127.0.0.1:9100`. */
  readonly host: string;
  /** Serves a case at `/<alert>`, one look a scrape; the last look stays. Undefined: nothing is there any more. */
  readonly serve: (alert: string, series: CaseSeries | undefined) => void;
  /** Scrapes since `serve`. */
  readonly scrapes: (alert: string) => number;
  readonly stop: () => Promise<void>;
}

/** The neonwatches of all alerts: one page each. */
export async function startFeeds(): Promise<FeedServer> {
  const served = new Map<string, { series: CaseSeries | undefined; scrapes: number }>();
  const answer = ({ url = '' }: IncomingMessage, response: ServerResponse) => {
    const feed = served.get(url.slice(1));
    if (feed === undefined) return response.writeHead(404).end();
    const at = feed.scrapes;
    feed.scrapes += 1;
    if (feed.series === undefined) return response.writeHead(503).end();
    const tick = Math.min(at, looksOfSeries(feed.series) - 1);
    const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' };
    return response.writeHead(200, headers).end(expositionOf(feed.series, tick, Date.now()));
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    serve: (alert, series) => served.set(alert, { series, scrapes: 0 }),
    scrapes: (alert) => served.get(alert)?.scrapes ?? 0,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
