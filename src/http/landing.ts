import { createHash } from 'node:crypto';

/** One row of the landing page: how one collector fares with one target. */
export interface CollectorStatus {
  readonly collector: string;
  readonly target: string;
  readonly up: boolean;
  /** Wall clock of the last reading that succeeded; undefined when there was none. */
  readonly lastSuccessMs: number | undefined;
  /** Why it is not up, for people. */
  readonly reason: string | undefined;
}

/** A link of the landing page. */
export interface RouteLink {
  readonly path: string;
  readonly summary: string;
}

const style = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1b1f24; background: #fff; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #d0d7de; vertical-align: top; overflow-wrap: anywhere; }
.down { color: #b42318; font-weight: 600; }
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
${statuses.length === 0 ? '<p>No target is configured or discovered yet.</p>' : table(statuses)}
</body>
</html>
`;
}

function table(statuses: readonly CollectorStatus[]): string {
  return `<table>
<thead><tr><th scope="col">Collector</th><th scope="col">Target</th><th scope="col">State</th><th scope="col">Last success</th><th scope="col">Reason</th></tr></thead>
<tbody>
${statuses.map(row).join('\n')}
</tbody>
</table>`;
}

function row({ collector, target, up, lastSuccessMs, reason }: CollectorStatus): string {
  const state = up ? '<td>up</td>' : '<td class="down">down</td>';
  const lastSuccess = lastSuccessMs === undefined ? 'never' : instant(lastSuccessMs);
  return `<tr><td>${escaped(collector)}</td><td>${escaped(target)}</td>${state}<td>${lastSuccess}</td><td>${escaped(reason ?? '')}</td></tr>`;
}

/** A clock that is set wildly wrong must not cost the page. */
function instant(wallMs: number): string {
  const date = new Date(wallMs);
  return Number.isNaN(date.getTime()) ? 'unknown' : date.toISOString();
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
