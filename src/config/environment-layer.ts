import { nearest } from '../settings/nearest.ts';
import { type Assignment, type Layer, namedAssignment, UnreadableText, valueOfText } from './layer.ts';
import { settings } from './schema.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that names the configuration file. */
export const configFileVariable = 'NEONWATCH_CONFIG';

const prefix = 'NEONWATCH_';
const knownVariables = new Set([configFileVariable, ...settings.map((setting) => setting.env)]);
/** What all share would make everything near to everything. */
const knownEndings = [...knownVariables].map((name) => name.slice(prefix.length));

const serviceLinkPattern =
  /^NEONWATCH_(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/;

/**
 * Variables that Kubernetes (and Docker links) put into every container beside a Service called `neonwatch…`:
 * nobody wrote them, so they must not stop us.
 */
function isServiceLink(name: string, value: string): boolean {
  return serviceLinkPattern.test(name) || (/_PORT$/.test(name) && /^(?:tcp|udp|sctp):\/\//.test(value));
}

/** Reads the settings in the environment. An empty variable counts as unset. */
export function readEnvironmentLayer(environment: Environment): Layer {
  const assignments: Assignment[] = [];
  const problems: string[] = [];
  for (const setting of settings) {
    // An alias belongs to somebody else's runbook: where our own variable speaks, it is not even looked at.
    const own = environment[setting.env];
    const names = own ? [{ name: setting.env }] : setting.envAliases;
    for (const { name, itemKey } of names) {
      const text = environment[name];
      if (!text) continue;
      try {
        const value = itemKey === undefined ? valueOfText(setting, text) : [{ [itemKey]: text }];
        assignments.push(namedAssignment(setting, value, 'environment', name));
      } catch (error) {
        if (!(error instanceof UnreadableText)) throw error;
        problems.push(`environment ${name}: ${error.message}`);
      }
    }
  }
  return { assignments, problems: [...problems, ...unknownVariables(environment)] };
}

function unknownVariables(environment: Environment): string[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    if (!value || !name.startsWith(prefix) || knownVariables.has(name)) return [];
    if (isServiceLink(name, value)) return [];
    const near = nearest(name.slice(prefix.length), knownEndings);
    return [
      `environment ${name}: unknown setting; ${near ? `did you mean ${prefix}${near}?` : '`neonwatch --help` lists them'}`,
    ];
  });
}
