import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkout } from '../../scripts/run-program.ts';
import { severities, subjectKinds } from '../../src/alerts/finding.ts';
import { detectors } from '../../src/alerts/registry.ts';
import { allows, exampleFile, inhibitRulesOf, isAboutItself, pairsOf } from '../rules/inhibition.ts';
import { parsePromql } from '../rules/promql.ts';
import { run } from '../rules/promtool.ts';
import { rules as prometheusRules, type Rule } from '../rules/rule-files.ts';

const inhibitRules = inhibitRulesOf('neonwatch.yaml');
const alerts = prometheusRules.filter(({ labels }) => labels?.['finding'] !== undefined);
const alertOf = new Map(detectors.map(({ id, alert }) => [id, alert]));

const byRelation =
  'which pageservers or safekeepers a compute or the cluster needs is not in the labels of both';
const ofTenants = 'which tenants and shards are on a pageserver is not in the labels';
const ofComputes = 'which computes ask a pageserver is not in its labels';

/** What neonwatch folds and Alertmanager does not: cause → symptoms, and why. */
const notInhibited: readonly (readonly [string, readonly string[], string])[] = [
  ['node_offline', ['nothing_schedulable', 'last_node_standing', 'pair_in_one_az'], byRelation],
  ['node_offline', ['compute_away', 'compute_probe_blocked', 'stuck_getpages', 'backpressure'], byRelation],
  [
    'pageserver_away',
    ['compute_away', 'compute_probe_blocked', 'stuck_getpages', 'backpressure'],
    byRelation,
  ],
  ['safekeeper_away', ['compute_away', 'backpressure'], byRelation],
  ['node_stuck', ['last_node_standing', 'pair_in_one_az'], byRelation],
  ['pause_for_restart_forgotten', ['last_node_standing'], byRelation],
  ['node_flapping', ['pair_in_one_az'], byRelation],
  ['node_offline', ['reconcile_stuck'], ofTenants],
  ['pageserver_away', ['reconcile_stuck'], ofTenants],
  ['split_brain', ['intent_contradicted', 'stale_generation'], ofTenants],
  ['connstring_drift', ['misrouted_requests'], ofComputes],
  ['stripe_order_hazard', ['misrouted_requests'], ofComputes],
  ['lying_hook', ['misrouted_requests'], ofComputes],
  ['notification_pending', ['misrouted_requests'], ofComputes],
  ['notifications_failing', ['misrouted_requests'], ofComputes],
  [
    'slot_retains_wal',
    ['wraparound'],
    'the server of a slot is spelled as postgres_exporter does, by its address',
  ],
  ['vector_index_invalid', ['slow_vector_statement'], 'which indexes a statement uses is not known'],
];

const pairKey = (cause: string, symptom: string): string => `${cause} → ${symptom}`;

const inhibited = new Set(
  inhibitRules
    .filter((rule) => !isAboutItself(rule))
    .flatMap(pairsOf)
    .map(([source, target]) => pairKey(source.alert ?? '', target.alert ?? '')),
);

const folded = detectors.flatMap(({ id, alert, explainedBy }) =>
  explainedBy.map((cause) => ({ cause, symptom: id, pair: pairKey(alertOf.get(cause) ?? cause, alert) })),
);
const excuses = new Map(
  notInhibited.flatMap(([cause, symptoms, why]) =>
    symptoms.map((one) => [pairKey(cause, one), why] as const),
  ),
);

function severitiesOf({ labels }: Rule, matchers: readonly string[]): readonly string[] {
  const severity = labels?.['severity'] ?? '';
  const possible = severity.includes('{{') ? severities : [severity];
  return possible.filter((one) => allows(matchers, 'severity', one));
}

function labelsOf({ expr, labels }: Rule): ReadonlySet<string> {
  const { selectors, grouping } = parsePromql(expr);
  const isPlain = grouping.length === 0 && selectors.every(({ functions }) => functions.length === 0);
  // A selector that nothing aggregates keeps the labels of its series; those of NeuronDB all have the compute.
  const kept = isPlain && selectors.some(({ metric }) => metric.startsWith('neurondb_')) ? ['compute'] : [];
  return new Set(['cluster', 'alertname', ...Object.keys(labels ?? {}), ...grouping, ...kept]);
}

describe('what neonwatch folds', () => {
  it.each(folded)(
    'is kept quiet by Alertmanager, or it is said why not: $pair',
    ({ cause, symptom, pair }) => {
      const isExcused = excuses.has(pairKey(cause, symptom));
      expect(inhibited.has(pair) !== isExcused, isExcused ? 'is excused and inhibited' : 'is neither').toBe(
        true,
      );
    },
  );

  it('is all that is excused', () => {
    const pairs = new Set(folded.map(({ cause, symptom }) => pairKey(cause, symptom)));
    expect([...excuses.keys()].filter((key) => !pairs.has(key))).toEqual([]);
  });

  it('is all that is kept quiet', () => {
    const pairs = new Set(folded.map(({ pair }) => pair));
    expect([...inhibited].filter((pair) => !pairs.has(pair))).toEqual([]);
  });
});

describe.each(
  inhibitRules.map((rule) => ({ rule, name: `${rule.source_matchers} over ${rule.target_matchers}` })),
)('the inhibition $name', ({ rule }) => {
  it('is about alerts that there are', () => {
    expect(pairsOf(rule).length).toBeGreaterThan(0);
  });

  it('never lets a lesser alert silence a graver one', () => {
    const wrong = pairsOf(rule).flatMap(([source, target]) =>
      severitiesOf(source, rule.source_matchers).flatMap((by) =>
        severitiesOf(target, rule.target_matchers)
          .filter((of) => of === 'critical' && by !== 'critical')
          .map((of) => `${source.alert} ${by} over ${target.alert} ${of}`),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it('rests on labels that both alerts have, and on the cluster', () => {
    expect(rule.equal).toContain('cluster');
    const without = pairsOf(rule)
      // The same alert has the same labels, whichever they are.
      .filter(() => !isAboutItself(rule))
      .flat()
      .flatMap((one) =>
        rule.equal.filter((label) => !labelsOf(one).has(label)).map((label) => [one.alert, label]),
      );
    expect(without).toEqual([]);
  });

  it('names no kind of subject that there is not', () => {
    const named = [...rule.source_matchers, ...rule.target_matchers].filter((one) =>
      one.startsWith('subject_kind'),
    );
    for (const matcher of named) {
      expect(subjectKinds.some((kind) => allows([matcher], 'subject_kind', kind))).toBe(true);
    }
  });
});

describe('alerts about findings', () => {
  it.each(alerts)('say whom they are about, as findings do: $alert', (rule) => {
    const { labels = {}, alert = '' } = rule;
    // Series of postgres_exporter name a server by its address and know no computes.
    if (parsePromql(rule.expr).grouping.includes('server')) return;
    expect([...labelsOf(rule)], alert).toEqual(expect.arrayContaining(['subject', 'subject_kind']));
    const kind = labels['subject_kind'];
    if (kind !== undefined) expect(subjectKinds).toContain(kind);
  });
});

describe('the example configurations', () => {
  it('of Alertmanager has the inhibitions of the fragment', () => {
    expect(inhibitRulesOf('example.yaml')).toEqual(inhibitRules);
  });

  it('of Alertmanager passes amtool', async () => {
    expect(await run('amtool', ['check-config', exampleFile])).toBe('');
  });

  it('of Alertmanager sends the watchdog away from people, and to its own receiver', () => {
    const { route } = parse(readFileSync(exampleFile, 'utf8')) as {
      route: { routes: Record<string, unknown>[] };
    };
    expect(route.routes[0]).toMatchObject({
      matchers: ['alertname="NeonwatchWatchdog"'],
      receiver: 'dead-man',
    });
  });

  it('of Prometheus passes promtool with all its rule files', async () => {
    expect(await run('promtool', ['check', 'config', join(checkout, 'prometheus/prometheus.yml')])).toBe('');
  });
});
