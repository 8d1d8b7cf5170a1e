import { describe, expect, it } from 'vitest';
import { type PlanReport, planExitCode, planReportJson, planReportLines } from '../../src/cli/plan-report.ts';
import { hook, hookName } from '../findings/control-world.ts';
import { caseStartMs, readingsOf, type World } from '../findings/world.ts';
import { claimed, decided, healWorld, policyOf, readCompute } from './heal-world.ts';

const setting = { width: 100, isColoured: false };
const nowMs = caseStartMs + 3_000;

async function reportOn(
  world: World,
  changed: Partial<PlanReport> = {},
  asked: Parameters<typeof decided>[1] = {},
): Promise<PlanReport> {
  const decisions = await decided(world, asked);
  return { decisions, readings: readingsOf(world, 1, nowMs), mode: 'plan', hasRead: true, nowMs, ...changed };
}

const text = (report: PlanReport) => planReportLines(report, setting).join('\n');

describe('the report of neonwatch plan', () => {
  it('shows the statements as they would be sent, each on a line of its own', async () => {
    const report = await reportOn(healWorld());
    expect(text(report)).toContain(
      [
        '  would send as a superuser, over a new connection to compute main:',
        "      ALTER SYSTEM SET neon.stripe_size = '2048';",
        "      ALTER SYSTEM SET neon.pageserver_connstring = 'host=pageserver1 port=6400,host=pageserver2 port=6400';",
        '      SELECT pg_reload_conf();',
      ].join('\n'),
    );
    expect(text(report)).toMatch(/^1 of \d+ findings? would be repaired\. Nothing was sent\./);
    expect(planExitCode(report)).toBe(1);
  });

  it('shows every gate with what it saw and what it wants', async () => {
    const lines = planReportLines(await reportOn(healWorld()), { ...setting, width: 300 });
    expect(lines).toContain(
      '    yes  G8  storm: 3 of 3 pageservers are Active (must be: two thirds, and at least 2)',
    );
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^ {4}wait G6 {2}confirmed: firing, for \ds in \d looks? \(must be: firing, for 1m30s in 6 looks\)$/,
      ),
    );
  });

  it('says why something is withheld and until when', async () => {
    const report = await reportOn(healWorld({ computes: [readCompute([2, 1], { sources: [] })] }));
    expect(text(report)).toContain('withheld push_connstring  connstring_drift, compute main');
    expect(text(report)).toMatch(
      /because: where compute main has neon\.\w+ from is not known \[unreadable\]/,
    );
    expect(text(report)).toContain('until: make it readable');
    expect(planExitCode(report)).toBe(0);
  });

  it('says how to switch it on while it is off, and shows no statement', async () => {
    const report = await reportOn(healWorld(), { mode: 'off' }, { policy: policyOf({}) });
    expect(text(report)).toContain('heal.mode is off: `--heal.mode plan` shows what it would do.');
    expect(text(report)).not.toContain('ALTER SYSTEM');
    expect(planExitCode(report)).toBe(0);
  });

  it('names findings without an action in one sentence', async () => {
    const alerts = [claimed('node_offline', { kind: 'node', name: '1' })];
    const report = await reportOn(healWorld(), {}, { alerts });
    expect(text(report)).toContain('No action for 1 finding');
    expect(text(report)).toContain('node_offline node 1');
  });

  it.each<[string, Partial<PlanReport>, number, string]>([
    ['nothing is found', { decisions: [] }, 0, 'Nothing is found wrong, so there is nothing to do.'],
    ['nothing could be read', { hasRead: false }, 2, 'Nothing could be read, so nothing is decided.'],
  ])('says so when %s', async (_, changed, exitCode, sentence) => {
    const report = await reportOn(healWorld(), changed);
    expect(planExitCode(report)).toBe(exitCode);
    expect(text(report)).toContain(sentence);
  });

  it('has all of that as JSON, and says that nothing was sent', async () => {
    const alerts = [
      claimed('connstring_drift', { kind: 'compute', name: 'main' }, { className: 'WRONG_ORDER' }),
      claimed('hook_away', { kind: 'compute_hook', name: hookName }),
    ];
    const json = planReportJson(await reportOn(healWorld(), {}, { alerts }), '1.2.3');
    expect(JSON.parse(JSON.stringify(json))).toMatchObject({
      neonwatch: '1.2.3',
      sent: 0,
      mode: 'plan',
      decisions: [
        {
          finding: 'connstring_drift',
          verdict: 'withheld',
          withheld: { reason: 'behind_finding', release: 'mend hook_away compute_hook hook:3000 first' },
          gates: expect.arrayContaining([expect.objectContaining({ id: 'G10', verdict: 'refuse' })]),
        },
        {
          finding: 'hook_away',
          action: 'restart_hook',
          verdict: 'withheld',
          withheld: { reason: 'already_right' },
        },
      ],
    });
  });

  it('has plans in JSON with what they rest on', async () => {
    const json = planReportJson(await reportOn(healWorld()), '1.2.3');
    const push = json.decisions.find(({ finding }) => finding === 'connstring_drift');
    expect(push).toMatchObject({
      verdict: 'repair',
      plan: {
        fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
        facts: { live: ['pageserver2:6400', 'pageserver1:6400'] },
      },
    });
  });

  it('never says that a hook that does not answer would be passed by', async () => {
    const world = healWorld({ around: [hook(false)] });
    expect(planExitCode(await reportOn(world))).toBe(0);
  });
});
