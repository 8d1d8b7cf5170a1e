import { distinctProcesses } from '../../../views/distinct-processes.ts';
import { type DetectInput, type Detector, type Json, whyMissing } from '../../detector.ts';
import { cluster, type Evidence, type Finding, type Unknown } from '../../finding.ts';
import { controllerInstances, controllerSubject, type Instance } from './instances.ts';

type Read = Extract<Instance, { state: 'read' }>;

/** Who led when the database last named a leader that fitted. */
interface LeaderMemory {
  readonly [key: string]: Json;
  /** The process that led: its name and when it started. */
  readonly instance: string;
  readonly startedAtMs: number;
  /** Since when we have seen just this process lead. */
  readonly sinceMs: number;
  /** What the database said then; empty: not yet read since. */
  readonly address: string;
}

type Input = DetectInput<LeaderMemory>;

const twoClasses = ['two_live', 'other_in_database'] as const;

/** A process becomes leader when it starts. A row that is so much younger was written by another one. */
const startMaxMs = 300_000;
/** Two readings of one start differ by less than this. */
const sameStartMs = 1_500;

function startedAtMs({ readings }: Input, { target }: Read): number {
  const metrics = readings.all('controller_metrics').find((one) => one.target.name === target.name);
  return metrics?.reading.startedAtMs ?? 0;
}

/** `http://10.0.0.1:1234/` as targets are named: `10.0.0.1:1234`. */
function hostOf(address: string): string {
  return URL.parse(address)?.host ?? address;
}

/** What to remember of the one that leads. At the first look of all, everything was read at about the same time. */
function remember(input: Input, leading: Read): LeaderMemory {
  const { memory, nowMs } = input;
  const started = startedAtMs(input, leading);
  const isSame =
    memory !== undefined &&
    memory.instance === leading.target.name &&
    Math.abs(memory.startedAtMs - started) <= sameStartMs;
  if (!isSame) {
    const sinceMs = memory === undefined ? 0 : nowMs;
    return { instance: leading.target.name, startedAtMs: started, sinceMs, address: '' };
  }
  return { ...memory, address: memory.address || (currentRow(input, memory)?.leader?.address ?? '') };
}

/** The row is read once a minute: one from before this process led is that of the leader before it. */
function currentRow({ readings }: Input, { sinceMs }: LeaderMemory) {
  const row = readings.one('leader');
  return row !== undefined && row.firstReadAtMs > sinceMs ? row.reading : undefined;
}

/** Whether the database names another process than the one that leads; not when it cannot be told apart. */
function isOther(input: Input, leading: Read, instances: readonly Instance[], memory: LeaderMemory): boolean {
  const leader = currentRow(input, memory)?.leader;
  if (leader === undefined) return false;
  const named = instances.find(({ target }) => target.name === hostOf(leader.address));
  if (named !== undefined) return named.target.name !== leading.target.name;
  // Without its start, a process that was started anew at another address looks the same.
  if (memory.startedAtMs === 0) return false;
  if (memory.address !== '' && memory.address !== leader.address) return true;
  return leader.startedAtMs - memory.startedAtMs > startMaxMs;
}

function evidenceOf(input: Input, live: readonly Read[]): Evidence[] {
  const row = input.readings.one('leader');
  const leader = row?.reading.leader;
  return [
    ...live.map((one) => ({
      what: `${one.target.name} leads by its own word since`,
      value: instantText(startedAtMs(input, one)),
      source: 'GET /live and /metrics',
      atMs: one.atMs,
    })),
    ...(row === undefined || leader === undefined
      ? []
      : [
          {
            what: `${leader.address} leads by the database since`,
            value: instantText(leader.startedAtMs),
            source: 'GET /control/v1/leader',
            atMs: row.lastReadAtMs,
          },
        ]),
  ];
}

function instantText(ms: number): string {
  return ms > 0 ? new Date(ms).toISOString() : 'not known';
}

function two(input: Input, live: readonly Read[], className: (typeof twoClasses)[number]): Finding {
  const leader = input.readings.one('leader')?.reading.leader;
  const names = live.map(({ target }) => target.name).join(' and ');
  const who =
    className === 'two_live'
      ? `Storage controllers ${names} both lead`
      : `Storage controller ${names} leads, while the database names ${leader?.address ?? 'another'} as the leader`;
  return {
    subject: cluster,
    severity: 'critical',
    className,
    summary: `${who}: two controllers attach shards without knowing of each other, and what one does the other undoes.`,
    evidence: evidenceOf(input, live),
    remedy: [
      {
        text: 'Find every controller process that runs, on every host. The one to keep is the one that the database names.',
        command: 'psql "$storcon_dsn" -c \'SELECT address, started_at FROM controllers\'',
      },
      ...live.map(({ target }) => ({
        text: `See what ${target.name} says of itself.`,
        command: `curl -sS -m 5 ${target.url}/metrics | grep -E 'leadership_status|process_start_time'`,
      })),
      ...(className === 'two_live'
        ? [
            {
              text: 'If they started at the same second they may be one process at two addresses (an alias, a load balancer): then only name it once, in storageController.url or in its peers.',
            },
          ]
        : []),
      {
        text: 'End the process of the other one, and see that its supervisor does not start it again. Nothing is lost by that: all it knows is in the database and on the pageservers.',
      },
      {
        text: 'Restart the one that stays, so that it learns what is really attached where, and give it --address-for-peers if it had none.',
      },
    ],
    avoid: [
      {
        what: 'PUT /control/v1/step_down',
        why: 'it cannot be undone, and done to the wrong one it leaves none',
      },
      {
        what: 'migrating, draining or filling now',
        why: 'the other controller does not know of it and moves the shards back',
      },
      {
        what: 'detaching the location with the lower generation by hand',
        why: 'the pageserver accepts it without a check of generations; the controller that stays removes it',
      },
    ],
    related: live.map(({ target }) => controllerSubject(target)),
  };
}

/** Two controllers that lead at once: by their own words, or by one's own and the database's. */
export const twoLeaders: Detector<LeaderMemory> = {
  id: 'two_leaders',
  alert: 'NeonTwoLeaders',
  layer: 'controller',
  severity: 'critical',
  summary:
    'More than one storage controller leads, or the database has come to name another one than that which leads.',
  classes: twoClasses,
  needs: ['controller_health'],
  hold: { forMs: 60_000, samples: 3, keepFiringMs: 120_000 },
  explainedBy: [],
  detect(input) {
    const instances = controllerInstances(input);
    const live = distinctProcesses(
      input.readings,
      instances.filter((one): one is Read => one.state === 'read' && one.isLive),
    );
    const [leading] = live;
    if (live.length > 1) {
      return { findings: [two(input, live, 'two_live')], unknown: [], ...kept(input) };
    }
    const unseen = instances.filter(({ state }) => state === 'unknown');
    const missing = unseen.map(({ target }) => whyMissing(input.looks, 'controller_health', target.name));
    const unknown: Unknown[] = missing.length > 0 ? [{ missing }] : [];
    if (leading === undefined) return { findings: [], unknown, ...kept(input) };
    const memory = remember(input, leading);
    const findings = isOther(input, leading, instances, memory)
      ? [two(input, live, 'other_in_database')]
      : [];
    return { findings, unknown, memory };
  },
};

function kept({ memory }: Input): { memory?: LeaderMemory } {
  return memory === undefined ? {} : { memory };
}
