import { parse } from 'yaml';
import { z } from 'zod';
import { expectationOf } from '../settings/expectation.ts';
import { ConfigSchema } from './schema.ts';

/** Keys of our metadata that JSON Schema does not know; strict validators refuse them. */
const ownKeys = [
  'expects',
  'word',
  'example',
  'secret',
  'filePath',
  'unit',
  'env',
  'flag',
  'fallback',
] as const;

/** JSON Schema (2020-12) of the configuration file, for editors and validators: pretty-printed text with a final newline. */
export function configJsonSchema(): string {
  const schema = z.toJSONSchema(ConfigSchema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const { expects, example, secret } = jsonSchema;
      for (const key of ownKeys) delete jsonSchema[key];
      if (typeof example === 'string') jsonSchema.examples = [parse(example)];
      if (secret === true) jsonSchema.writeOnly = true;
      if (typeof expects === 'string' && jsonSchema.description === undefined) {
        jsonSchema.description = `Expected: ${expectationOf(zodSchema)}.`;
      }
    },
  });
  const { $schema, ...rest } = schema;
  const document = { $schema, title: 'Configuration of neonwatch', ...rest };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
