/**
 * Hosts on which every port seems open: a SYN proxy, a load balancer or a tarpit answers in place
 * of services. What they say of a port is worth nothing; that they do is worth a line. Ports that
 * hardly anybody uses, chosen by chance, tell them from a host of which only open ports were asked.
 */

import { serviceName } from '../../catalog/services.ts';
import { isOpen } from '../../model/port-state.ts';
import type { UniformAnswer } from '../../model/scanned-host.ts';
import type { HostScan } from './host-scan.ts';
import { Permutation } from './permutation.ts';

/** Fewer open ports are no reason for suspicion. */
const SUSPICIOUS_OPEN = 4;
const SHARE = 0.9;
const CONTROLS = 10;

/** Whether nearly all ports that were asked seem open. */
export function looksUniform(host: HostScan): boolean {
  let open = 0;
  let asked = 0;
  for (let cell = 0; cell < host.outcomes.length; cell++) {
    if (host.tries[cell] === 0) continue;
    asked++;
    if (isOpen(host.outcomes[cell]!)) open++;
  }
  return open >= SUSPICIOUS_OPEN && open >= SHARE * asked;
}

/** Ports without a service, none of which the scan asks anyway; ascending. */
export function controlPorts(asked: Uint16Array, seed: number): Uint16Array {
  const taken = new Set(asked);
  const chosen: number[] = [];
  const order = new Permutation(20_000, seed, 0xc0);
  for (let position = 0; position < order.size && chosen.length < CONTROLS; position++) {
    const port = 10_000 + order.at(position);
    if (!taken.has(port) && serviceName('tcp', port) === undefined) chosen.push(port);
  }
  return Uint16Array.from(chosen).sort();
}

/** What the control ports say of the host; undefined: it has services, and says so truly. */
export function uniformAnswer(host: HostScan, control: HostScan): UniformAnswer | undefined {
  const controlOpen = control.outcomes.filter(isOpen).length;
  const controlAsked = control.outcomes.length;
  if (controlOpen < SHARE * controlAsked) return undefined;
  const open = host.outcomes.filter(isOpen).length;
  return { transport: 'tcp', open, asked: host.known, controlOpen, controlAsked };
}
