/**
 * Who may import whom. ARCHITECTURE.md says why; test/contract/boundaries.test.ts breaks every rule once.
 * A folder is a layer; what is not listed for it is forbidden.
 */

/** Layer → the layers it may import beside itself. A trailing `(types)` allows type-only imports. */
const layers = {
  'errors.ts': [],
  'clock.ts': [],
  'breathe.ts': ['clock.ts'],
  'log.ts': ['clock.ts'],
  neon: [],
  metrics: [],
  settings: [],
  sources: ['errors.ts', 'clock.ts', 'breathe.ts'],
  collectors: [
    'errors.ts',
    'clock.ts',
    'breathe.ts',
    'neon',
    'metrics',
    'sources/pg-values.ts',
    'sources/config-json.ts (types)',
    'sources/json-reader.ts (types)',
    'sources/sql-reader.ts (types)',
  ],
  collection: [
    'errors.ts',
    'clock.ts',
    'log.ts',
    'neon',
    'metrics',
    'collectors',
    'sources/json-reader.ts (types)',
    'sources/sql-reader.ts (types)',
  ],
  views: [
    'breathe.ts',
    'neon',
    'metrics',
    'collectors (types)',
    'collection/store.ts (types)',
    'collection/job.ts (types)',
  ],
  // Findings: pure functions of readings. `watch.ts` beside the detectors is their loop.
  alerts: [
    'errors.ts (types)',
    'clock.ts',
    'log.ts (types)',
    'breathe.ts',
    'neon',
    'metrics',
    'settings',
    'views',
    'collectors (types)',
    'collection (types)',
  ],
  // What a text means: no look at anything.
  // What was read, in files.
  bundle: ['neon', 'errors.ts', 'alerts (types)', 'collectors (types)', 'collection (types)'],
  explain: ['neon'],
  // Whether an operation would do what is meant.
  preflight: ['neon', 'views', 'alerts/commands.ts', 'collection (types)', 'collectors (types)'],
  // What would be done about findings, and what may ever be sent: pure.
  heal: [
    'breathe.ts',
    'neon',
    'views',
    'settings/duration.ts',
    'alerts/detector.ts',
    'alerts (types)',
    'collection (types)',
    'collectors (types)',
  ],
  render: ['errors.ts', 'clock.ts', 'metrics'],
  http: ['errors.ts', 'clock.ts', 'render/exposition.ts', 'render (types)'],
  config: ['errors.ts', 'settings', 'alerts/thresholds.ts', 'alerts/registry.ts'],
  // Shares nothing with what reads it: a schema in common would hide a mistake in common.
  simulator: ['clock.ts'],
};

/** Composition: the command line and the files beside it that put layers together may import every one of them. */
const composition = ['src/cli/', 'src/[^/]+[.]ts$'];
const topLayers = Object.keys(layers).filter((layer) => layer.endsWith('.ts'));

/** npm package → the only place that may import it. */
const packageOwners = {
  undici: 'src/sources/',
  pg: 'src/(sources|simulator/postgres)/',
  express: 'src/http/',
  'prom-client': 'src/render/process-metrics[.]ts$',
  pino: 'src/log[.]ts$',
  yaml: 'src/(config|cli)/',
  leven: 'src/settings/',
  zod: 'src/(settings/|config/|sources/|collectors/|alerts/|bundle/|cli/record-command[.]ts$|cli/doctor/saved[.]ts$|version[.]ts$)',
};

/** Node's own modules that reach outside the process → who may import them. */
const coreOwners = {
  process: 'src/(cli/|server[.]ts$|config/load[.]ts$)',
  'fs|fs/promises': 'src/(sources/|config/|cli/|version[.]ts$)',
  'net|tls|http|http2|https|dgram|dns|dns/promises': 'src/(sources|http|simulator/http)/',
};

/** Layers that are functions of their arguments: nothing of Node's comes in. */
const pureLayers = [
  'neon',
  'metrics',
  'views',
  'collectors',
  'alerts',
  'explain',
  'preflight',
  'heal',
  'bundle',
];

/** `neon` → the files of the folder, `clock.ts` → the file. */
function pathOf(layer) {
  return layer.endsWith('.ts') ? `src/${layer.replace(/[.]ts$/, '[.]ts')}$` : `src/${layer}/`;
}

function anyOf(paths) {
  return `^(${paths.join('|')})`;
}

/** Packages whose types may be named elsewhere: who is handed a logger needs its type. */
const sharedTypes = ['pino'];

function layerRules([layer, imports]) {
  const typeOnly = imports
    .filter((name) => name.endsWith(' (types)'))
    .map((name) => name.replace(' (types)', ''));
  const whole = imports.filter((name) => !name.endsWith(' (types)'));
  const from = { path: `^${pathOf(layer)}` };
  const allowed = [layer, ...imports.map((name) => name.replace(' (types)', ''))];
  const rules = [
    {
      name: `layer-${layer.replace('.ts', '')}`,
      comment: `src/${layer} may import: ${[...whole, ...typeOnly].join(', ') || 'nothing of ours'}.`,
      severity: 'error',
      from,
      to: { path: '^src/', pathNot: anyOf(allowed.map(pathOf)) },
    },
  ];
  if (typeOnly.length === 0) return rules;
  const types = {
    path: anyOf(typeOnly.map(pathOf)),
    // A file that is allowed by itself lies in a folder of which else only types are.
    pathNot: anyOf(whole.length === 0 ? ['$'] : whole.map(pathOf)),
    dependencyTypesNot: ['type-only'],
  };
  const name = `layer-${layer}-types-only`;
  return [
    ...rules,
    { name, comment: 'Only types may be imported here.', severity: 'error', from, to: types },
  ];
}

function packageRule([name, owner]) {
  return {
    name: `package-${name}`,
    comment: `${name} is imported in one place, so that it can be replaced there.`,
    severity: 'error',
    from: { path: '^src/', pathNot: `^${owner}` },
    to: {
      path: `(^|/)node_modules/(@types/)?${name}/`,
      ...(sharedTypes.includes(name) ? { dependencyTypesNot: ['type-only'] } : {}),
    },
  };
}

function coreRule([modules, owner]) {
  return {
    name: `core-${modules.split('|')[0]}`,
    comment: 'What reaches outside the process stays at its edges.',
    severity: 'error',
    from: { path: '^src/', pathNot: `^${owner}` },
    to: { path: `^(node:)?(${modules})$`, dependencyTypes: ['core'] },
  };
}

const forbidden = [
  ...Object.entries(layers).flatMap(layerRules),
  ...Object.entries(packageOwners).map(packageRule),
  ...Object.entries(coreOwners).map(coreRule),
  {
    name: 'pure',
    comment:
      'Facts, families, views and collectors do nothing but compute; collectors read through JsonReader.',
    severity: 'error',
    from: { path: anyOf(pureLayers.map(pathOf)) },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'known-layer',
    comment: 'A new folder under src gets a line in the table of this file first.',
    severity: 'error',
    from: { path: '^src/', pathNot: anyOf([...Object.keys(layers).map(pathOf), ...composition]) },
    to: {},
  },
  {
    name: 'no-children',
    comment: 'neonwatch starts no other program.',
    severity: 'error',
    from: { path: '^src/' },
    to: { path: '^(node:)?(child_process|cluster)$', dependencyTypes: ['core'] },
  },
  {
    name: 'world-apart',
    comment:
      'The simulated world has no sockets and no time of its own: the same seed does the same anywhere.',
    severity: 'error',
    from: { path: '^src/simulator/world/' },
    to: {
      path: '^(src/simulator/(http|postgres)/|src/clock[.]ts$|(node:)?(timers|timers/promises|worker_threads)$)',
    },
  },
  {
    name: 'collectors-apart',
    comment: 'Collectors never import those of another kind; what they share is a fact of src/neon.',
    severity: 'error',
    from: { path: '^src/collectors/([^/]+)/' },
    to: { path: '^src/collectors/[^/]+/', pathNot: '^src/collectors/$1/' },
  },
  {
    name: 'collectors-unlisted',
    comment: 'A collector does not know the list it is on.',
    severity: 'error',
    from: { path: '^src/collectors/[^/]+/' },
    to: { path: '^src/collectors/registry[.]ts$' },
  },
  {
    name: 'top-is-top',
    comment: 'A layer does not know what it is put together with.',
    severity: 'error',
    from: { path: '^src/', pathNot: anyOf(composition) },
    to: { path: anyOf(composition), pathNot: anyOf(topLayers.map(pathOf)) },
  },
  {
    name: 'cli-is-last',
    comment: 'Nobody imports the command line.',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/cli/' },
    to: { path: '^src/cli/' },
  },
  {
    name: 'server-is-root',
    comment: 'Only the command line imports the composition root.',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/cli/' },
    to: { path: '^src/server[.]ts$' },
  },
  {
    name: 'no-cycles',
    comment: 'Two modules that need each other are one module, or three.',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'no-unresolvable',
    comment: 'An import that leads nowhere hides what it depends on.',
    severity: 'error',
    from: { path: '^src/' },
    to: { couldNotResolve: true },
  },
  {
    name: 'no-dev-dependencies',
    comment: 'What ships needs only what is installed with it.',
    severity: 'error',
    from: { path: '^src/' },
    // Types are gone when it runs.
    to: {
      dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
      pathNot: '/node_modules/@types/|^node_modules/@types/',
    },
  },
  {
    name: 'src-is-closed',
    comment: 'What ships does not import tests, scripts or benches.',
    severity: 'error',
    from: { path: '^src/' },
    to: { path: '^(test|scripts|bench)/' },
  },
];

module.exports = {
  forbidden,
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['node', 'import', 'types', 'default'],
    },
  },
};
