import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from 'express';
import type { Clock } from '../clock.ts';
import { type CollectorStatus, landingPage, landingPolicy, type RouteLink } from './landing.ts';
import { metricsRoute, type SnapshotReader } from './metrics-route.ts';

/** The routes, as the landing page and the 404 answer name them. */
const routes = [
  { path: '/', summary: 'this page' },
  { path: '/metrics', summary: 'the metrics, for Prometheus' },
  { path: '/api/v1/findings', summary: 'what is wrong and what could not be judged, as JSON' },
  { path: '/-/healthy', summary: 'whether the process runs' },
  { path: '/-/ready', summary: 'whether it can be scraped, or why not' },
] as const satisfies readonly RouteLink[];

type Route = (typeof routes)[number]['path'];

/** One answered request. The labels are from closed sets, whatever was sent. */
export interface AnsweredRequest {
  readonly route: Route | 'other';
  readonly method: 'GET' | 'HEAD' | 'other';
  /** The status code, or `aborted` when the client left before the end. */
  readonly status: string;
  readonly seconds: number;
}

export interface AppDependencies {
  readonly version: string;
  /** False answers every scrape in text 0.0.4. */
  readonly openMetrics: boolean;
  readonly snapshots: SnapshotReader;
  /** Why the process is not ready, one sentence each; empty when it is. */
  readonly readiness: () => readonly string[];
  readonly status: () => readonly CollectorStatus[];
  /** The answer of `/api/v1/findings`, ready to be made JSON; undefined when findings are switched off. */
  readonly findings: () => object | undefined;
  readonly clock: Clock;
  readonly onRequest: (request: AnsweredRequest) => void;
  /** A mistake of ours while answering; the client was told 500. */
  readonly onError: (error: unknown) => void;
}

/** The HTTP face. Listens to nothing: `listen` does. */
export function createApp(dependencies: AppDependencies): Express {
  const { version, openMetrics, snapshots, readiness, status, findings } = dependencies;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.disable('query parser');
  // One spelling per route, so that the label of a request and the route that answered it agree.
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.use(observed(dependencies));

  const handlers: Record<Route, RequestHandler> = {
    '/': (_request, response) => {
      const page = landingPage(version, routes, status());
      response.set({ 'Content-Security-Policy': landingPolicy, 'Referrer-Policy': 'no-referrer' });
      response.set('Cache-Control', 'no-store').type('html').send(page);
    },
    '/metrics': metricsRoute(snapshots, openMetrics),
    '/api/v1/findings': (_request, response) => {
      const found = findings();
      response.set('Cache-Control', 'no-store');
      if (found === undefined) {
        response.status(404).json({ msg: 'findings are switched off; set findings.enabled' });
      } else response.json(found);
    },
    '/-/healthy': (_request, response) => sendText(response, 200, ['healthy']),
    '/-/ready': (_request, response) => {
      const reasons = readiness();
      if (reasons.length === 0) sendText(response, 200, ['ready']);
      else sendText(response, 503, reasons);
    },
  };
  for (const { path } of routes) app.route(path).get(handlers[path]).all(methodNotAllowed);

  app.use((request, response) => {
    const known = routes.map(({ path }) => path).join(', ');
    response.status(404).json({ msg: `no route ${request.path}; there are ${known}` });
  });
  app.use(failed(dependencies.onError));
  return app;
}

const methodNotAllowed: RequestHandler = (request, response) => {
  response
    .status(405)
    .set('Allow', 'GET, HEAD')
    .json({ msg: `${request.method} is not allowed; use GET or HEAD` });
};

/** Answers a mistake without showing its insides. */
function failed(onError: (error: unknown) => void): ErrorRequestHandler {
  return (error, _request, response, _next) => {
    onError(error);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.status(500).json({ msg: 'an error inside neonwatch; its log says more' });
  };
}

function observed({ clock, onRequest }: AppDependencies): RequestHandler {
  return (request, response, next) => {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    const startedMs = clock.monotonicMs();
    const route = routeOf(request.path);
    response.once('close', () => {
      onRequest({
        route,
        method: request.method === 'GET' || request.method === 'HEAD' ? request.method : 'other',
        status: response.writableFinished ? String(response.statusCode) : 'aborted',
        seconds: (clock.monotonicMs() - startedMs) / 1_000,
      });
    });
    next();
  };
}

function routeOf(path: string): Route | 'other' {
  return routes.find((route) => route.path === path)?.path ?? 'other';
}

function sendText(response: Response, status: number, lines: readonly string[]): void {
  response
    .status(status)
    .set('Cache-Control', 'no-store')
    .type('text/plain')
    .send(`${lines.join('\n')}\n`);
}
