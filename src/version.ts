import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** package.json lies one folder above both `src` and `dist`. */
const packageFile = new URL('../package.json', import.meta.url);

/** The version of this program, as package.json has it. */
export const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(packageFile, 'utf8')));
