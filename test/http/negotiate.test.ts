import { describe, expect, it } from 'vitest';
import { negotiateEncoding, negotiateFormat } from '../../src/http/negotiate.ts';

const protobuf = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';
const prometheus3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.7,application/openmetrics-text;version=0.0.1;q=0.6,' +
  'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.3';

describe('the format', () => {
  it.for([
    {
      case: 'Prometheus 2.42',
      accept:
        'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      format: 'openmetrics',
    },
    {
      case: 'Prometheus 2.42 with native histograms',
      accept: `${protobuf},application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
      format: 'openmetrics',
    },
    {
      case: 'Prometheus 2.29, before OpenMetrics was 1.0.0',
      accept: 'application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      format: 'openmetrics',
    },
    { case: 'Prometheus 3', accept: prometheus3, format: 'openmetrics' },
    {
      case: 'Prometheus 3 with native histograms',
      accept: `${protobuf};q=0.8,${prometheus3}`,
      format: 'openmetrics',
    },
    {
      case: 'Prometheus 3 told to scrape text only',
      accept: 'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.4',
      format: 'text',
    },
    {
      case: 'Prometheus 3 with protobuf and text',
      accept: `${protobuf};q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.4`,
      format: 'text',
    },
    { case: 'vmagent', accept: 'text/plain;version=0.0.4;q=1,*/*;q=0.1', format: 'text' },
    { case: 'the OpenTelemetry collector', accept: prometheus3, format: 'openmetrics' },
    { case: 'curl', accept: '*/*', format: 'text' },
    {
      case: 'Firefox',
      accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
      format: 'text',
    },
    {
      case: 'Chrome',
      accept:
        'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7',
      format: 'text',
    },
    { case: 'no header', accept: undefined, format: 'text' },
    { case: 'an empty header', accept: '', format: 'text' },
    { case: 'OpenMetrics without a version', accept: 'application/openmetrics-text', format: 'openmetrics' },
    {
      case: 'capital letters, blanks and quotes',
      accept: 'Application/OpenMetrics-Text ; Version="1.0.0" ; Q=0.9 , text/plain;q=0.1',
      format: 'openmetrics',
    },
    {
      case: 'OpenMetrics 2 before text',
      accept: 'application/openmetrics-text;version=2.0.0,text/plain;q=0.2',
      format: 'text',
    },
    {
      case: 'weights against the order',
      accept: 'text/plain;version=0.0.4;q=0.2,application/openmetrics-text;version=1.0.0;q=0.9',
      format: 'openmetrics',
    },
    {
      case: 'equal weights',
      accept: 'text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0',
      format: 'text',
    },
    { case: 'only text 1.0.0', accept: 'text/plain;version=1.0.0', format: 'text' },
    { case: 'nothing we have', accept: 'application/json', format: 'text' },
    { case: 'OpenMetrics refused', accept: 'application/openmetrics-text;q=0,*/*', format: 'text' },
    { case: 'text refused', accept: 'text/plain;q=0,*/*;q=0.5', format: 'openmetrics' },
    {
      case: 'a weight that is no number',
      accept: 'application/openmetrics-text;q=much,text/plain;q=0.1',
      format: 'text',
    },
    { case: 'any application type', accept: 'application/*', format: 'openmetrics' },
  ])('for $case is $format', ({ accept, format }) => {
    expect(negotiateFormat(accept, { openMetrics: true }).format).toBe(format);
  });

  it('is text for everybody when OpenMetrics is off', () => {
    expect(negotiateFormat(prometheus3, { openMetrics: false })).toEqual({
      format: 'text',
      version: '0.0.4',
      contentType: 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
    });
  });

  it('is announced to the letter', () => {
    expect(negotiateFormat(prometheus3, { openMetrics: true }).contentType).toBe(
      'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores',
    );
  });
});

describe('the encoding', () => {
  it.for([
    { case: 'Prometheus', header: 'gzip', encoding: 'gzip' },
    { case: 'Prometheus with zstd', header: 'zstd,gzip', encoding: 'gzip' },
    { case: 'a browser', header: 'gzip, deflate, br, zstd', encoding: 'gzip' },
    { case: 'the old name', header: 'x-gzip', encoding: 'gzip' },
    { case: 'anything', header: '*', encoding: 'gzip' },
    { case: 'no header', header: undefined, encoding: 'identity' },
    { case: 'an empty header', header: '', encoding: 'identity' },
    { case: 'deflate only', header: 'deflate', encoding: 'identity' },
    { case: 'gzip refused', header: 'gzip;q=0', encoding: 'identity' },
    { case: 'gzip refused and anything else', header: 'gzip;q=0, *', encoding: 'identity' },
    { case: 'identity preferred', header: 'identity, gzip;q=0.5', encoding: 'identity' },
    { case: 'gzip preferred', header: 'identity;q=0.5, gzip', encoding: 'gzip' },
  ])('for $case is $encoding', ({ header, encoding }) => {
    expect(negotiateEncoding(header)).toBe(encoding);
  });
});
