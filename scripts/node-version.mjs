// Plain JavaScript that old versions of Node understand too: it has to run just where the version is wrong.
import { readFileSync } from 'node:fs';

const wanted = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).devDependencies
  .node;

if (process.version === `v${wanted}`) {
  console.log(`Node ${process.version}`);
} else {
  console.error(`This is Node ${process.version} (${process.execPath}); neonwatch is built and tested with v${wanted}.
It comes with \`npm ci\` as a development dependency, and npm scripts (\`npm run …\`) take it from there.
- Run \`npm ci\` again. If it said that the install script of \`node\` was not run, allow it: package.json has
  "allowScripts": {"node": true}, and \`--ignore-scripts\` or \`ignore-scripts=true\` must not be set.
- Start scripts by npm, not by \`node scripts/…\`.`);
  process.exitCode = 1;
}
