/**
 * Every alert of prometheus/rules, from a page of metrics through a real Prometheus and a real Alertmanager to a webhook.
 *
 * Time is shortened by one factor on `for`, `keep_firing_for` and all intervals (test/rules/shortened.ts); expressions are
 * untouched. Each alert has a Prometheus of its own, since rules add up over everything they see. It is fed the series of
 * the case that the detector fires in, one look a scrape, and then a world of the same table that is well. Ranges such as
 * [30m] keep their length, and so old samples would keep alerts alive; deleting them stands for that time passing.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { severities } from '../../src/alerts/finding.ts';
import { demanded, inhibitRulesOf, pairsOf } from '../rules/inhibition.ts';
import { durationMs, type Rule, ruleFiles, rules } from '../rules/rule-files.ts';
import { shortened, timeFactor } from '../rules/shortened.ts';
import { type AlertFeed, allFeeds, startFeeds } from './alert-feeds.ts';
import {
  inhibitedOf,
  type Labels,
  type Notification,
  startAlertmanager,
  startReceiver,
  startRulePrometheus,
} from './alert-programs.ts';
import { until } from './programs.ts';

const atOnce = 24;
const limitMs = 75_000;

interface Outcome {
  /** As the case says; undefined for alerts about neonwatch itself. */
  readonly firing: readonly string[] | undefined;
  readonly fired: readonly Notification[];
  readonly firedAfterMs: number;
  readonly resolvedAfterMs: number;
  /** What was fed after the sick case. */
  readonly after: 'well' | 'gone' | 'stopped';
}

const alerts = rules.flatMap((rule) => (rule.alert === undefined ? [] : [{ ...rule, alert: rule.alert }]));
const pairs = inhibitRulesOf('example.yaml').flatMap((rule, at) =>
  pairsOf(rule).map(([cause, symptom]) => ({
    rule,
    cause: cause.alert ?? '',
    symptom: symptom.alert ?? '',
    name: `pair ${at}: ${cause.alert} and ${symptom.alert}`,
  })),
);
/** The `cluster` of symptoms that Alertmanager keeps quiet. */
const inhibited = new Set<string>();
const outcomes = new Map<string, Outcome | Error>();

/** Whom a notification is about, as a case spells it. */
function subjectOf({ labels }: Notification): string {
  const { subject_kind: kind, subject, class: className = '' } = labels;
  return `${kind === 'cluster' ? kind : `${kind} ${subject}`}${className === '' ? '' : ` [${className}]`}`;
}

/** The newest that was said of each alert of that name. */
function newestOf(all: readonly Notification[], alert: string): readonly Notification[] {
  const own = all.filter(({ labels }) => labels['alertname'] === alert && labels['cluster'] === alert);
  return [...new Map(own.map((one) => [JSON.stringify(one.labels), one])).values()];
}

/** Of an alert that did not come through there are none, and its pairs fail with it. */
function firedLabels(alert: string): Labels | undefined {
  const outcome = outcomes.get(alert);
  return outcome === undefined || outcome instanceof Error ? undefined : outcome.fired[0]?.labels;
}

/**
 * A cause and its symptom in one cluster, and the symptom in another. Only what may differ between two alerts of one
 * subject is made equal: a label that one of them lacks, or a kind that it spells otherwise, is left as it is.
 */
function alertsOf({ rule, cause, symptom, name }: (typeof pairs)[number]): readonly Labels[] {
  const [by, of] = [cause, symptom].map(firedLabels);
  if (by === undefined || of === undefined) return [];
  const source: Labels = { ...by, ...demanded(rule.source_matchers), cluster: name };
  const target: Labels = { ...of, ...demanded(rule.target_matchers), cluster: name };
  const isAligned = (label: string) => ['subject', 'compute'].includes(label) && target[label] !== undefined;
  const equal = rule.equal.filter(isAligned).map((label) => [label, source[label] ?? '']);
  const same = { ...target, ...Object.fromEntries(equal) };
  return [source, same, { ...same, cluster: `other than ${name}` }];
}

type Programs = {
  feeds: Awaited<ReturnType<typeof startFeeds>>;
  receiver: Awaited<ReturnType<typeof startReceiver>>;
  alertmanager: Awaited<ReturnType<typeof startAlertmanager>>;
};

async function fireAndResolve({ rule, sick, well, firing }: AlertFeed, programs: Programs): Promise<Outcome> {
  const { feeds, receiver, alertmanager } = programs;
  const { alert } = rule;
  feeds.serve(alert, sick);
  const prometheus = await startRulePrometheus({
    ruleFile: rule.file,
    cluster: alert,
    scraped: feeds.host,
    alertmanager: alertmanager.host,
  });
  try {
    const startedAtMs = performance.now();
    const newest = () => newestOf(receiver.notifications, alert);
    const fired = await until(
      `${alert} firing`,
      () => {
        const now = newest().filter(({ status }) => status === 'firing');
        return now.length >= (firing?.length ?? 1) ? now : undefined;
      },
      limitMs,
    );
    const endedAtMs = performance.now();
    const after = alert === 'NeonwatchWatchdog' ? 'stopped' : well === undefined ? 'gone' : 'well';
    // It fires as long as Prometheus lives, and that is the point of it.
    if (after === 'stopped') await prometheus.stop();
    else await makeWell();
    const resolved = await until(
      `${alert} resolving`,
      () => {
        const now = newest();
        return now.every(({ status, atMs }) => status === 'resolved' && atMs >= endedAtMs) ? now : undefined;
      },
      limitMs,
    );
    const resolvedAtMs = Math.max(...resolved.map(({ atMs }) => atMs));
    return {
      firing,
      fired,
      firedAfterMs: Math.max(...fired.map(({ atMs }) => atMs)) - startedAtMs,
      resolvedAfterMs: resolvedAtMs - endedAtMs,
      after,
    };
  } finally {
    await prometheus.stop();
  }

  async function makeWell(): Promise<void> {
    feeds.serve(alert, well);
    if (!/\[|offset/.test(rule.expr)) return;
    await until(`a scrape of what is well for ${alert}`, () =>
      feeds.scrapes(alert) >= 2 ? true : undefined,
    );
    await prometheus.forget();
  }
}

/** Every alert once, a few at a time. */
async function tryAll(): Promise<void> {
  const feeds = await startFeeds();
  const receiver = await startReceiver();
  const alertmanager = await startAlertmanager(receiver.url, 'without');
  const waiting = [...(await allFeeds())];
  const work = async () => {
    for (let feed = waiting.shift(); feed !== undefined; feed = waiting.shift()) {
      const outcome = fireAndResolve(feed, { feeds, receiver, alertmanager });
      outcomes.set(feed.rule.alert, await outcome.catch((error: Error) => error));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  await alertmanager.stop();
  await receiver.stop();
  await feeds.stop();
}

/** Puts each pair of a cause and its symptom before an Alertmanager with our inhibitions, as their alerts were labelled. */
async function tryPairs(): Promise<void> {
  const alertmanager = await startAlertmanager('http://127.0.0.1:9', 'with');
  const posted = pairs.flatMap((pair) => alertsOf(pair));
  try {
    for (const one of await inhibitedOf(alertmanager.host, posted)) inhibited.add(one);
  } finally {
    await alertmanager.stop();
  }
}

beforeAll(async () => {
  await tryAll();
  await tryPairs();
}, 300_000);

afterAll(() => {
  const inSeconds = (ms: number) => (ms / 1000).toFixed(1).padStart(5);
  const rows = [...outcomes].sort().map(([alert, outcome]) => {
    if (outcome instanceof Error) return `${alert.padEnd(32)} ${outcome.message}`;
    const { fired, firedAfterMs, resolvedAfterMs, after } = outcome;
    const labels = Object.entries(fired[0]?.labels ?? {}).filter(
      ([name]) => !/^(alertname|cluster|job|instance)$/.test(name),
    );
    const text = labels.map(([name, value]) => `${name}=${value}`).join(' ');
    return `${alert.padEnd(32)} ${inSeconds(firedAfterMs)} ${inSeconds(resolvedAfterMs)} ${after.padEnd(7)} ${text}`;
  });
  console.log(
    `alert, fired after seconds, resolved after seconds, fed then, labels (time × ${timeFactor})\n${rows.join('\n')}`,
  );
});

function outcomeOf(alert: string): Outcome {
  const outcome = outcomes.get(alert);
  if (outcome === undefined) throw new Error(`${alert} was not tried`);
  if (outcome instanceof Error) throw outcome;
  return outcome;
}

describe('shortening', () => {
  const rulesOf = (document: unknown) =>
    (document as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules: list }) => list);

  it.each(ruleFiles)('leaves all but the waiting as it is: %s', (file) => {
    const before = rulesOf(parse(readFileSync(file, 'utf8')));
    const after = rulesOf(shortened(parse(readFileSync(file, 'utf8'))));
    const rest = ({ for: _for, keep_firing_for: _keep, ...others }: Rule) => others;
    expect(after.map(({ expr }) => expr)).toEqual(before.map(({ expr }) => expr));
    expect(after.map(rest)).toEqual(before.map(rest));
    const waits = (list: Rule[]) =>
      list.flatMap((one) => [durationMs(one.for), durationMs(one.keep_firing_for)]);
    const inMs = (list: Rule[]) =>
      list.flatMap((one) => [one.for, one.keep_firing_for].map((text) => Number.parseInt(text ?? '0', 10)));
    expect(inMs(after)).toEqual(waits(before).map((ms) => ms / timeFactor));
  });
});

describe.each(alerts)('the alert $alert', (rule) => {
  it('arrives at the webhook, not sooner than it should', () => {
    const { firedAfterMs } = outcomeOf(rule.alert);
    expect(firedAfterMs).toBeGreaterThanOrEqual(durationMs(rule.for) / timeFactor);
  });

  it('is resolved, not sooner than it should', () => {
    const { resolvedAfterMs } = outcomeOf(rule.alert);
    // The last evaluation at which it was true may be one interval before the end of the feed.
    const slackMs = 2 * (15_000 / timeFactor);
    expect(resolvedAfterMs).toBeGreaterThanOrEqual(durationMs(rule.keep_firing_for) / timeFactor - slackMs);
  });

  it('says all that somebody woken by it needs', () => {
    for (const { labels, annotations, receiver } of outcomeOf(rule.alert).fired) {
      const severity = labels['severity'] ?? '';
      expect([...severities, 'none']).toContain(severity);
      expect(receiver).toBe({ critical: 'page', none: 'dead-man' }[severity] ?? 'working-day');
      expect(labels['finding']).toBe(rule.labels?.['finding']);
      expect(annotations).toMatchObject({ summary: rule.annotations?.['summary'] });
      expect(annotations['runbook_url']).toMatch(/\/docs\/runbooks\/\w+\.md$/);
      expect(JSON.stringify([labels, annotations])).not.toMatch(/<no value>|error expanding|\{\{/);
    }
  });
});

describe.each(alerts.filter(({ labels }) => labels?.['finding'] !== undefined))(
  'the alert $alert',
  (rule) => {
    it('is about the same subjects as the finding', () => {
      const { fired, firing = [] } = outcomeOf(rule.alert);
      // Series of postgres_exporter name a server by its address, and no compute.
      if (fired.some(({ labels }) => labels['server'] !== undefined)) return;
      const hasClass = fired.some(({ labels }) => labels['class'] !== undefined);
      const expected = hasClass ? firing : firing.map((one) => one.replace(/ \[\w+\]$/, ''));
      expect(fired.map(subjectOf).sort()).toEqual([...expected]);
    });
  },
);

describe('Alertmanager', () => {
  it.each(pairs)('keeps the symptom quiet while the cause fires, in that cluster only; $name', ({ name }) => {
    expect(inhibited.has(name)).toBe(true);
    expect(inhibited.has(`other than ${name}`)).toBe(false);
  });
});
