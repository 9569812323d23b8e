import { expect, it } from 'vitest';
import type { PortState, ServiceId } from '../model/port-state.ts';
import { PORT_COLUMNS, portRow } from './scan-report.ts';

function told(port: number, service?: Partial<ServiceId>): Record<string, unknown> {
  const target = { address: '192.0.2.1', transport: 'tcp', port } as const;
  const state: PortState = {
    ...{ kind: 'port', target, state: 'open', reason: 'syn-ack', attempts: 1 },
    ...(service === undefined
      ? {}
      : { service: { name: 'x', method: 'probed', confidence: 10, ...service } }),
  };
  const row = portRow(state, [], undefined);
  return Object.fromEntries(PORT_COLUMNS.map(({ key, value }) => [key, value(row)]));
}

const stop = (unit: string) => ({ run: `systemctl stop ${unit}; systemctl disable ${unit}` });

it('tells how to close the very program that answered', () => {
  const lighttpd = told(8001, { name: 'http', product: 'lighttpd', version: '1.4.69' });
  expect(lighttpd).toMatchObject({ what: 'HTTP', closeLinux: [stop('lighttpd.service')] });
  expect(lighttpd.closeWindows).toBeNull();
  const iis = told(80, { name: 'http', product: 'Microsoft-IIS', version: '10.0' });
  expect(iis.closeLinux).toBeNull();
  expect(JSON.stringify(iis.closeWindows)).toContain('W3SVC');
  // A name nobody knows, or that was not told: whatever usually offers the service.
  for (const service of [{ name: 'http', product: 'Unheard-of' }, undefined]) {
    expect(JSON.stringify(told(80, service).closeLinux)).toContain('nginx.service');
  }
});

it('says nothing of another service that happens to have the number', () => {
  expect(told(9200).what).toBe('Elasticsearch and OpenSearch');
  expect(told(9200, { name: 'cvspserver' })).toMatchObject({ what: null, closeLinux: null });
  expect(told(9200, { name: 'ssh' }).what).toBe('SSH');
  // What a port says without being known is no reason to doubt.
  const strange: Partial<ServiceId> = { name: 'elasticsearch', method: 'table' };
  expect(told(9200, strange).what).toBe('Elasticsearch and OpenSearch');
});

it.each([
  ['checkmk-agent', 6556],
  ['cups-lpd', 515],
  ['http2', 443],
  ['neo4j-http', 7474],
  ['teamspeak-query', 10011],
])('knows %s by the name that questions give it', (name, port) => {
  expect(told(port, { name }).what).not.toBeNull();
});
