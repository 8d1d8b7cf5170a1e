import { SourceError } from '../../src/errors.ts';
import type { JsonReader } from '../../src/sources/json-reader.ts';
import { MetricsPage } from '../../src/sources/metrics-page.ts';

type Answer = unknown | SourceError | ((path: string) => unknown);

/** A reader of fixed answers by path without query; shapes are checked for real and metrics pages are text that is parsed. Unknown paths are `unsupported`. */
export function fakeReader(
  answers: Readonly<Record<string, Answer>>,
): JsonReader & { readonly asked: string[] } {
  const asked: string[] = [];
  const answer = (path: string): unknown => {
    asked.push(path);
    const found = answers[path] ?? answers[path.split('?')[0] ?? path];
    const value = typeof found === 'function' ? found(path) : found;
    if (value === undefined) throw new SourceError('unsupported', `no route ${path}`, { status: 404 });
    if (value instanceof SourceError) throw value;
    return value;
  };
  return {
    asked,
    async getJson(path, shape) {
      return shape.parse(answer(path));
    },
    async getJsonList(path, element, _, options) {
      const body = answer(path);
      const list =
        options?.property === undefined ? body : (body as Record<string, unknown>)[options.property];
      return (list as unknown[]).map((row) => element.parse(row));
    },
    async getStatus(path) {
      return answer(path) as number;
    },
    async getMetrics(path, wanted) {
      const page = new MetricsPage(wanted);
      for (const _ of page.push(Buffer.from(answer(path) as string)));
      return page.finish();
    },
  };
}
