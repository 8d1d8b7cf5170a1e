import { z } from 'zod';
import { HttpUrl } from '../../settings/http-url.ts';
import { BearerToken, FilePath, PostgresDsn } from '../../settings/secret.ts';

export const StorageController = z
  .strictObject({
    url: HttpUrl.optional().meta({
      description: 'The storage controller. Nodes, tenants and pageservers are discovered from it.',
      example: 'http://localhost:1234',
      env: ['storcon_api'],
    }),
    peers: z
      .array(HttpUrl)
      .max(100)
      .default([])
      .meta({
        description:
          'Other instances of the same controller. Each is asked for its own health and metrics, no more; ' +
          'token and `caFile` are those of the controller.',
        example: '["http://controller2:1234"]',
      }),
    token: BearerToken.optional().meta({
      description:
        'Bearer token for the controller. Listing tenants needs the `admin` scope, listing nodes `infra`.',
    }),
    tokenFile: FilePath.optional().meta({
      description: 'File that holds the token; read again when it changes.',
    }),
    describeToken: BearerToken.optional().meta({
      description:
        'Token of the `scrubber` scope, to describe tenants one by one when `token` may not list them.',
    }),
    describeTokenFile: FilePath.optional().meta({
      description: 'File that holds the describe token; read again when it changes.',
    }),
    caFile: FilePath.optional().meta({
      description: "File of PEM certificates that vouch for the controller, instead of the system's.",
    }),
    dsn: PostgresDsn.optional().meta({
      description: "The controller's database; a role that may only read is enough, and wise.",
      env: ['storcon_dsn'],
    }),
    dsnFile: FilePath.optional().meta({
      description: "File that holds the DSN of the controller's database; read again for every connection.",
    }),
    pageSize: z.int().min(1).max(5000).default(200).meta({
      description: 'Tenants asked for at once. The controller itself knows no limit.',
    }),
    placement: z
      .enum(['auto', 'list', 'locations'])
      .default('auto')
      .meta({
        description:
          'Where placement comes from: `list`, the tenant list (`admin` token); `locations`, the pageservers and ' +
          'one description per tenant; `auto`, the list, and locations when it is denied.',
      }),
  })
  .prefault({})
  .meta({ description: 'The storage controller and its database.' });
