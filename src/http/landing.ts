import { createHash } from 'node:crypto';

/** One row of the landing page: how one collector fares with one target. */
export interface CollectorStatus {
  readonly collector: string;
  readonly target: string;
  /** Undefined: no run has ended yet, or none was made because it waits for something. */
  readonly up: boolean | undefined;
  /** Wall clock of the last reading that succeeded; undefined when there was none. */
  readonly lastSuccessMs: number | undefined;
  /** Why it is not up, or what it waits for, for people. */
  readonly reason: string | undefined;
}

/** A link of the landing page. */
export interface RouteLink {
  readonly path: string;
  readonly summary: string;
}

const style = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 96rem; padding: 0 1rem; color: #1b1f24; background: #fff; }
section { margin: 0 0 1.5rem; break-inside: avoid; }
h3 { margin: 0; overflow-wrap: anywhere; }
p { margin: .3rem 0; max-width: 60rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #d0d7de; vertical-align: top; }
th:first-child { width: 45%; }
span { white-space: nowrap; }
.tally { margin-bottom: 1rem; }
.down { color: #b42318; font-weight: 600; }
@media (max-width: 30rem) { body { margin: .5rem auto; } section { font-size: 13px; } th:first-child { width: auto; } }
@media (min-width: 52rem) { .targets { columns: 26rem; column-gap: 2.5rem; } }
@media (prefers-color-scheme: dark) { body { color: #e6edf3; background: #0d1117; } a { color: #6cb6ff; } .down { color: #ff8b7e; } }
`;

/** Nothing is loaded and no script runs; the one style is allowed by its hash. */
export const landingPolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The page at `/`, as HTML. Everything that comes from outside is escaped. */
export function landingPage(
  version: string,
  links: readonly RouteLink[],
  statuses: readonly CollectorStatus[],
): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>neonwatch</title><style>${style}</style></head>
<body>
<h1>neonwatch ${escaped(version)}</h1>
<ul>
${links.map(({ path, summary }) => `<li><a href="${escaped(path)}">${escaped(path)}</a> ${escaped(summary)}</li>`).join('\n')}
</ul>
<h2>Collectors</h2>
${statuses.length === 0 ? '<p>No target is configured or discovered yet.</p>' : targets(statuses)}
</body>
</html>
`;
}

/** One section a target, in the order in which they come. */
function targets(statuses: readonly CollectorStatus[]): string {
  const sections = [...Map.groupBy(statuses, ({ target }) => target)];
  return `<p class="tally">${tally(statuses)}</p>
<div class="targets">
${sections.map(([target, ofTarget]) => section(target, ofTarget)).join('\n')}
</div>`;
}

function section(target: string, statuses: readonly CollectorStatus[]): string {
  return `<section>
<h3>${escaped(target)}</h3>
${reasons(statuses)}<table>
<thead><tr><th scope="col">Collector</th><th scope="col">State</th><th scope="col">Last success</th></tr></thead>
<tbody>
${statuses.map(row).join('\n')}
</tbody>
</table>
</section>`;
}

/** `29 of 31 up, 1 down, 1 waiting`; states that nothing is in are left out. */
function tally(statuses: readonly CollectorStatus[]): string {
  const count = (state: State) => statuses.filter((status) => stateOf(status) === state).length;
  const others = (['down', 'waiting'] as const).flatMap((state) =>
    count(state) === 0 ? [] : [`, ${count(state)} ${state}`],
  );
  return `${count('up')} of ${statuses.length} up${others.join('')}`;
}

/** A server that is down fails all its collectors alike: what is wrong is said once, with their names. */
function reasons(statuses: readonly CollectorStatus[]): string {
  const byReason = Map.groupBy(
    statuses.filter(({ reason }) => reason !== undefined),
    ({ reason }) => reason ?? '',
  );
  return [...byReason]
    .map(([reason, same]) => {
      const isAll = same.length === statuses.length;
      const who = isAll ? 'all' : same.map(({ collector }) => collector).join(', ');
      return `<p><b>${escaped(who)}:</b> ${escaped(reason)}</p>\n`;
    })
    .join('');
}

type State = 'up' | 'down' | 'waiting';

function stateOf({ up }: CollectorStatus): State {
  if (up === undefined) return 'waiting';
  return up ? 'up' : 'down';
}

function row(status: CollectorStatus): string {
  const state = stateOf(status);
  const cell = state === 'down' ? '<td class="down">down</td>' : `<td>${state}</td>`;
  const lastSuccess = status.lastSuccessMs === undefined ? 'never' : instant(status.lastSuccessMs);
  return `<tr><td>${escaped(status.collector)}</td>${cell}<td>${lastSuccess}</td></tr>`;
}

/** A clock that is set wildly wrong must not cost the page. */
function instant(wallMs: number): string {
  const date = new Date(wallMs);
  if (Number.isNaN(date.getTime())) return 'unknown';
  // Where the page is narrow it breaks between the two, and nowhere else.
  const [day, time] = date.toISOString().replace(/\.\d+/, '').split('T');
  return `<span>${day}</span> <span>${time}</span>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
