import { readFileSync } from 'node:fs';

const page = new URL('../../docs/least-privilege.md', import.meta.url);

/** Sections of docs/least-privilege.md that hold SQL. */
export type LeastPrivilege =
  | 'Role'
  | 'Configuration files'
  | 'Extension neon'
  | 'NeuronDB'
  | 'Controller database';

/** The SQL of a section, as a reader of the page would run it. */
export function leastPrivilegeSql(section: LeastPrivilege): string {
  const text = readFileSync(page, 'utf8').split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? '';
  const blocks = [...text.matchAll(/^```sql\n(.*?)^```$/gms)].map(([, sql]) => sql);
  if (blocks.length === 0) throw new Error(`docs/least-privilege.md has no SQL under ${section}`);
  return blocks.join('\n');
}
