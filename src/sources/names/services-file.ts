/**
 * The names that this machine gives to ports (services(5)), as tcpdump and the rest of the system
 * know them: first come, first served.
 */
import { readFileSync } from 'node:fs';

export type ServicePorts = ReadonlyMap<string, number>;

/** Ports by `name/transport`. Empty where there is no such file. */
export function readServicesFile(path = '/etc/services'): ServicePorts {
  try {
    return parseServices(readFileSync(path, 'utf8'));
  } catch {
    return new Map();
  }
}

/** Reads lines `name port/transport alias…`; what is none is passed over. */
export function parseServices(text: string): ServicePorts {
  const ports = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [name, place, ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    const [, digits, transport] = /^(\d{1,5})\/(\w+)$/.exec(place ?? '') ?? [];
    if (name === undefined || digits === undefined || Number(digits) > 65_535) continue;
    for (const each of [name, ...aliases]) {
      const key = `${each}/${transport}`;
      if (!ports.has(key)) ports.set(key, Number(digits));
    }
  }
  return ports;
}
