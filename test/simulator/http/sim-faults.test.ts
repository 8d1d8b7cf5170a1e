import { describe, expect, it } from 'vitest';
import { type Lab, openLab } from './lab.ts';

interface Fault {
  readonly name: string;
  readonly lasting: boolean;
  readonly arguments: readonly { readonly name: string; readonly kind: string; readonly required: boolean }[];
}

const words: Readonly<Record<string, string>> = {
  hook: '503',
  node_policy: 'Draining',
  panic_restart: 'never',
  compute_status: 'failed',
};

async function faultsOf(lab: Lab): Promise<readonly Fault[]> {
  const { text } = await lab.send('_sim', '/_sim/faults');
  return (JSON.parse(text) as { faults: readonly Fault[] }).faults;
}

function flip(lab: Lab, name: string, body: object) {
  return lab.send('_sim', `/_sim/faults/${name}`, { method: 'POST', text: JSON.stringify(body) });
}

const open = (): Promise<Lab> => openLab({ pageservers: 6, tenants: 6, shardsPerTenant: 2, computes: 1 });

describe('every fault', () => {
  it('can be switched on over /_sim, is shown while it lasts, and switched off', async () => {
    for (const fault of await faultsOf(await open())) {
      const lab = await open();
      const values: Readonly<Record<string, string | number>> = {
        node: 2,
        safekeeper: 1,
        tenant: lab.world.computes()[0]?.tenantId ?? '',
        word: words[fault.name] ?? '',
      };
      const required = fault.arguments.filter((argument) => argument.required);
      const args = Object.fromEntries(required.map(({ name, kind }) => [name, values[kind] ?? 1]));
      const on = await flip(lab, fault.name, { arguments: args });
      expect([fault.name, on.status]).toEqual([fault.name, 200]);
      const { active } = JSON.parse(on.text) as { active: { name: string }[] };
      expect([fault.name, active.map(({ name }) => name)]).toEqual([
        fault.name,
        fault.lasting ? [fault.name] : [],
      ]);
      lab.world.advance(5_000);
      const off = await flip(lab, fault.name.replaceAll('_', '-'), { on: false });
      expect([fault.name, off.status, JSON.parse(off.text)]).toEqual([fault.name, 200, { active: [] }]);
    }
  });

  it('says what it is, and no two have a name in common', async () => {
    const faults = await faultsOf(await open());
    expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length);
    expect(faults.length).toBeGreaterThanOrEqual(40);
  });
});

describe('a controller that panics', () => {
  it('closes the connection, refuses others, and says why in the log of the world', async () => {
    const lab = await open();
    const tenant = lab.world.computes()[0]?.tenantId ?? '';
    await flip(lab, 'panic_restart', { arguments: { after: 'never' } });
    const text = JSON.stringify({ placement: { Attached: 2 } });
    const put = await lab.send('storcon', `/control/v1/tenant/${tenant}/policy`, { method: 'PUT', text });
    expect(put.status).toBe(0);
    expect((await lab.send('storcon', '/ready')).status).toBe(0);
    const { events } = JSON.parse((await lab.send('_sim', '/_sim/events')).text) as { events: object[] };
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'controller_panicked', detail: 'attached_2' }),
    );
    expect(JSON.parse((await lab.send('_sim', '/_sim/world')).text)).toMatchObject({ panics: 1 });
  });
});
