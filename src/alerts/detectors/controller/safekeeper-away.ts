import type { Target } from '../../../collectors/target.ts';
import { type DetectInput, type Detector, type Json, type Look, whyMissing } from '../../detector.ts';
import type { Evidence, Finding, Subject, Unknown } from '../../finding.ts';
import { awayReason, awayWords } from './instances.ts';

function safekeeperSubject({ name, safekeeperId }: Target): Subject {
  return { kind: 'safekeeper', name: safekeeperId === undefined ? name : String(safekeeperId) };
}

/** What the controller lists of it, and how often its own requests to it failed. */
function controllerEvidence({ safekeeperId }: Target, { readings }: DetectInput<Json>): Evidence[] {
  const list = readings.one('safekeepers');
  const listed = list?.reading.safekeepers.find((one) => one.safekeeperId === safekeeperId);
  const counts = readings
    .all('controller_metrics')
    .flatMap(({ reading }) => reading.safekeeperRequestErrors.get(safekeeperId ?? -1) ?? []);
  return [
    ...(listed === undefined
      ? []
      : [
          {
            what: 'scheduling policy, which says nothing of whether it is alive',
            value: listed.schedulingPolicy,
            source: 'GET /control/v1/safekeeper',
            ...(list === undefined ? {} : { atMs: list.lastReadAtMs }),
          },
        ]),
    ...(counts.length === 0
      ? []
      : [
          {
            what: 'failed requests of the controller to it',
            value: counts.reduce((sum, count) => sum + count, 0),
            unit: 'requests',
            source: 'storage_controller_safekeeper_request_error of GET /metrics',
          },
        ]),
  ];
}

interface Count {
  readonly away: number;
  readonly all: number;
}

function away(look: Look, reason: string, { away: gone, all }: Count, input: DetectInput<Json>): Finding {
  const { target } = look;
  const subject = safekeeperSubject(target);
  const isMajorityLost = gone > 1 || all === 1;
  const meaning =
    all === 1
      ? 'no other one is watched, and if there is none, nothing can be written and computes hang at COMMIT'
      : isMajorityLost
        ? `${gone} of ${all} are away, so timelines that have lost two of three take no writes and their computes hang at COMMIT`
        : 'writes go on with the other two of each timeline, and none of them may fail now';
  return {
    subject,
    severity: isMajorityLost ? 'critical' : 'warning',
    facts: { reason },
    summary: `Safekeeper ${subject.name} at ${target.name} is away: ${awayWords(reason)}; ${meaning}.`,
    evidence: [
      { what: 'answer', value: reason, source: 'GET /v1/status', atMs: input.nowMs },
      { what: 'safekeepers that are away', value: gone, source: 'safekeeper_status', atMs: input.nowMs },
      { what: 'safekeepers that are watched', value: all, source: 'safekeeper_status', atMs: input.nowMs },
      ...controllerEvidence(target, input),
    ],
    remedy: [
      { text: 'See whether it answers.', command: `curl -sS -m 5 ${target.url}/v1/status` },
      {
        text: 'Read the end of its log, and see that its disk is not full: WAL that is not yet in the bucket stays on it.',
      },
      {
        text: 'Start it again with the data directory and the id that it had. It catches up from the others by itself.',
      },
      {
        text: 'If its disk is lost, say so in the controller only after the others have been seen well; moving its timelines is work for people.',
      },
    ],
    avoid: [
      {
        what: 'starting it with an empty data directory under its old id',
        why: 'it would vote for WAL that it no longer has',
      },
      {
        what: 'restarting another safekeeper meanwhile',
        why: 'with two of three gone nothing can be committed',
      },
      {
        what: 'the safekeeper list of the controller as a proof of life',
        why: 'it goes on saying Active of a dead one',
      },
    ],
  };
}

/** A safekeeper that does not answer. Only asking it tells: the controller's list has no liveness. */
export const safekeeperAway: Detector = {
  id: 'safekeeper_away',
  alert: 'NeonSafekeeperAway',
  layer: 'safekeeper',
  severity: 'critical',
  summary:
    'A safekeeper refuses connections, is silent, or its name is gone; critical when it is not the only one.',
  classes: [],
  needs: [],
  hold: { forMs: 60_000, keepFiringMs: 60_000 },
  explainedBy: [],
  detect(input) {
    const { looks, readings } = input;
    const retired = new Set(
      readings
        .one('safekeepers')
        ?.reading.safekeepers.filter(({ schedulingPolicy }) => schedulingPolicy === 'Decomissioned')
        .map(({ safekeeperId }) => safekeeperId),
    );
    const watched = looks.filter(
      ({ collector, target }) => collector === 'safekeeper_status' && !retired.has(target.safekeeperId ?? -1),
    );
    if (watched.length === 0) {
      return { findings: [], unknown: [{ missing: [whyMissing(looks, 'safekeeper_status')] }] };
    }
    const gone = watched.filter((look) => awayReason(look) !== undefined);
    const count = { away: gone.length, all: watched.length };
    const findings = gone.map((look) => away(look, awayReason(look) ?? '', count, input));
    const unknown = watched
      .filter((look) => look.up !== true && awayReason(look) === undefined)
      .map(
        ({ target }): Unknown => ({
          subject: safekeeperSubject(target),
          missing: [whyMissing(looks, 'safekeeper_status', target.name)],
        }),
      );
    return { findings, unknown };
  },
};
