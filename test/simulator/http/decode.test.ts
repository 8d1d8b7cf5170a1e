import { describe, expect, it } from 'vitest';
import {
  migrate,
  nodeConfigure,
  preferredAzs,
  tenantCreate,
  tenantPolicy,
} from '../../../src/simulator/http/bodies.ts';
import { parseBody } from '../../../src/simulator/http/decode.ts';

describe('a request body', () => {
  it.for([
    {
      case: 'a node policy',
      decoder: nodeConfigure,
      text: '{"node_id":3,"scheduling":"Pause"}',
      value: { node_id: 3, scheduling: 'Pause' },
    },
    {
      case: 'null as absent',
      decoder: nodeConfigure,
      text: '{"node_id":3,"scheduling":null}',
      value: { node_id: 3 },
    },
    {
      case: 'a migration with everything',
      decoder: migrate,
      text: '{"node_id": 2, "origin_node_id": 1, "migration_config": {"override_scheduler": true, "prewarm": false}}',
      value: {
        node_id: 2,
        origin_node_id: 1,
        migration_config: { override_scheduler: true, prewarm: false },
      },
    },
    { case: 'keys nobody knows', decoder: migrate, text: '{"node_id":2,"more":[{}]}', value: { node_id: 2 } },
    {
      case: 'a placement with a number',
      decoder: tenantPolicy,
      text: '{"placement":{"Attached":1}}',
      value: { placement: { Attached: 1 } },
    },
    {
      case: 'a placement without',
      decoder: tenantPolicy,
      text: '{"placement":"Detached"}',
      value: { placement: 'Detached' },
    },
    {
      case: 'nulls as values',
      decoder: preferredAzs,
      text: '{"a":null,"b":"az-a"}',
      value: { a: null, b: 'az-a' },
    },
    {
      case: 'a tenant setting beside the request',
      decoder: tenantCreate,
      text: '{"new_tenant_id":"a","gc_period":"1h"}',
      value: { new_tenant_id: 'a' },
    },
    { case: 'escapes', decoder: preferredAzs, text: '{"\\u0061\\"":"\\n"}', value: { 'a"': '\n' } },
  ])('takes $case', ({ decoder, text, value }) => {
    expect(parseBody<unknown>(text, decoder)).toEqual({ ok: true, value });
  });

  it.for([
    { case: 'nothing', text: '', message: 'EOF while parsing a value at line 1 column 0' },
    { case: 'no JSON', text: '{bad', message: 'key must be a string at line 1 column 2' },
    { case: 'half of it', text: '{"node_id":3', message: 'EOF while parsing an object at line 1 column 12' },
    { case: 'too much', text: '{"node_id":3}x', message: 'trailing characters at line 1 column 14' },
    {
      case: 'a list',
      text: '[1]',
      message: 'invalid type: sequence, expected struct NodeConfigureRequest at line 1 column 3',
    },
    { case: 'nothing of what is needed', text: '{}', message: 'missing field `node_id` at line 1 column 2' },
    {
      case: 'a text for a number',
      text: '{"node_id": "x"}',
      message: 'node_id: invalid type: string "x", expected u64 at line 1 column 15',
    },
    {
      case: 'a negative number',
      text: '{"node_id": -1}',
      message: 'node_id: invalid value: integer `-1`, expected u64 at line 1 column 14',
    },
    {
      case: 'a fraction',
      text: '{"node_id": 1.5}',
      message: 'node_id: invalid type: floating point `1.5`, expected u64 at line 1 column 15',
    },
    {
      case: 'another spelling, on a line of its own',
      text: '{"node_id": 3,\n "scheduling": "active"}',
      message:
        'scheduling: unknown variant `active`, expected one of `Active`, `Filling`, `Pause`, `PauseForRestart`, `Draining`, `Deleting` at line 2 column 23',
    },
  ])('refuses $case', ({ text, message }) => {
    expect(parseBody(text, nodeConfigure)).toEqual({
      ok: false,
      message: `Failed to parse json request: ${message}`,
    });
  });

  it('refuses what is nested without end, and does not overflow', () => {
    const parsed = parseBody(`{"x":${'['.repeat(100_000)}`, nodeConfigure);
    expect(parsed).toMatchObject({ ok: false, message: expect.stringContaining('recursion limit exceeded') });
  });
});
