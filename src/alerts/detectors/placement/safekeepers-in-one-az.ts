import { controllerCommand } from '../../commands.ts';
import type { Detector } from '../../detector.ts';
import { cluster, type Finding } from '../../finding.ts';
import { counted } from '../../placement/words.ts';

/** All safekeepers that take WAL in one zone: a quorum is lost with it. */
export const safekeepersInOneAz: Detector = {
  id: 'safekeepers_in_one_az',
  alert: 'NeonSafekeepersInOneAz',
  layer: 'safekeeper',
  severity: 'warning',
  summary: 'All safekeepers that may take new timelines are in one availability zone.',
  classes: [],
  needs: ['safekeepers'],
  hold: { forMs: 300_000, samples: 2, keepFiringMs: 60_000 },
  explainedBy: [],
  detect({ readings }) {
    const read = readings.one('safekeepers');
    const active =
      read?.reading.safekeepers.filter(({ schedulingPolicy }) => schedulingPolicy === 'Active') ?? [];
    const azs = new Set(active.map(({ az }) => az));
    const [az = ''] = azs;
    if (read === undefined || active.length < 2 || azs.size > 1) return { findings: [], unknown: [] };
    const nodes = readings.one('nodes')?.reading.nodes ?? [];
    const nodeAzs = new Set(nodes.map((node) => node.az));
    const source = 'GET /control/v1/safekeeper';
    const finding: Finding = {
      subject: cluster,
      // With everything in one zone this is how the cluster was built, and safekeepers change little about it.
      severity: nodeAzs.size > 1 ? 'warning' : 'info',
      summary: `The cluster has all its ${counted(active.length, 'active safekeeper')} in ${az}: if that zone is lost, no compute can write, and what only they have of the WAL is away.`,
      evidence: [
        { what: 'active safekeepers', value: active.length, source, atMs: read.lastReadAtMs },
        { what: 'their zone', value: az, source, atMs: read.lastReadAtMs },
        ...(nodes.length === 0
          ? []
          : [{ what: 'zones of the pageservers', value: nodeAzs.size, source: 'GET /control/v1/node' }]),
      ],
      remedy: [
        {
          text: 'See which zone each of them announced; a wrong --availability-zone is a slip of its start command, and right after a restart.',
          command: controllerCommand(readings, 'GET', '/control/v1/safekeeper'),
        },
        {
          text: 'Start safekeepers in other zones and let the controller use them (scheduling policy Active): new timelines are spread over zones. Timelines that are there stay where they are until somebody moves them.',
        },
      ],
      avoid: [
        {
          what: 'stopping safekeepers to start them elsewhere under their ids',
          why: 'with two of three away no compute can write, and WAL that is not uploaded yet is lost with their disks',
        },
        {
          what: 'PUT /v1/tenant/…/timeline/…/safekeeper_migrate for all timelines at once',
          why: 'each changes who may take WAL of a running compute; do it by hand, one at a time',
        },
      ],
      related: active.map(({ safekeeperId }) => ({ kind: 'safekeeper', name: String(safekeeperId) })),
    };
    return { findings: [finding], unknown: [] };
  },
};
