import { z } from 'zod';
import { Duration } from '../../settings/duration.ts';

/** Modes that act would be a promise that this version cannot keep. */
const modeExpects = 'off or plan (approve and auto come with the executor, which this version does not have)';

const Mode = z.enum(['off', 'plan']).meta({ expects: modeExpects });
const Names = z.array(z.string().min(1).max(200)).max(10_000);

interface Confirmation {
  readonly lasting: string;
  readonly looks: number;
}

function actionSection(what: string, targets: string, { lasting, looks }: Confirmation) {
  return z
    .strictObject({
      mode: Mode.optional().meta({
        description: `\`off\` or \`plan\` for one kind of action: ${what}. It never counts for more than \`heal.mode\`.`,
        fallback: 'heal.mode',
      }),
      only: Names.default([]).meta({
        description: `The only ${targets} that it may touch; empty: all.`,
      }),
      except: Names.default([]).meta({ description: `Names of ${targets} that it never touches.` }),
      confirmFor: Duration.prefault(lasting).meta({
        description: 'How long the finding must have lasted.',
      }),
      confirmLooks: z.int().min(2).max(1000).default(looks).meta({
        description: 'In how many different readings it must have been seen.',
      }),
    })
    .prefault({});
}

const part = z.number().min(0).max(1);

const HealLimits = z
  .strictObject({
    freshness: Duration.prefault('30s').meta({
      description: 'Oldest reading that a decision may rest on, counted from its first request.',
    }),
    answered: part.min(0.5).default(0.95).meta({
      description: 'Part of the computes, and of the pageservers, that must have answered.',
      word: 'number from 0.5 to 1',
      expects: 'a number from 0.5 to 1',
    }),
    quiet: Duration.prefault('5m').meta({
      description:
        'Nothing is done for this long after a start of the controller or of neonwatch, or a new leader.',
    }),
    correlatedFindings: z.int().min(1).max(1000).default(3).meta({
      description:
        'More findings of one kind than this, and than `correlatedPart`, are one fault: nothing is done.',
    }),
    correlatedPart: part.default(0.2).meta({
      description: 'More than this part of all that could have the finding, see `correlatedFindings`.',
      word: 'number from 0 to 1',
      expects: 'a number from 0 to 1',
    }),
    movedShards: z.int().min(1).max(100_000).default(256).meta({
      description: 'Most shards that one fill may move.',
    }),
    nodeUptime: Duration.prefault('10m').meta({
      description: 'How long a pageserver must have run before it is filled.',
    }),
  })
  .prefault({})
  .meta({ description: 'What keeps the healer from doing harm.' });

export const Heal = z
  .strictObject({
    mode: Mode.default('off').meta({
      description:
        '`off`: nothing is planned. `plan`: `neonwatch plan` says what would be sent. Nothing is ever sent by this version.',
    }),
    actions: z
      .strictObject({
        push_connstring: actionSection('set the connection string of a compute', 'computes', {
          lasting: '90s',
          looks: 6,
        }),
        reload_again: actionSection('load the files of a compute once more', 'computes', {
          lasting: '90s',
          looks: 6,
        }),
        restart_hook: actionSection('restart the compute hook', 'compute hooks', {
          lasting: '60s',
          looks: 4,
        }),
        fill_node: actionSection('fill a pageserver', 'node ids', { lasting: '15m', looks: 60 }),
      })
      .prefault({})
      .meta({ description: 'Each kind of action by itself.' }),
    limits: HealLimits,
  })
  .prefault({})
  .meta({ description: 'What would be done about findings (docs/HEALING.md).' });
