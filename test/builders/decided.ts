/** Runs steps that make one flow, and says what the ladder decided. */
import { expect } from 'vitest';
import type { KnownServices } from '../../src/flow/direction.ts';
import type { Flow } from '../../src/model/flow.ts';
import { ip4 } from './bytes.ts';
import { flowsOf, type Step, type TalkOptions } from './conversation.ts';

/** Client, reason and confidence of a flow. */
export function said(flow: Flow): string {
  const { reason, confidence } = flow.direction;
  return `${flow.client}:${flow.clientPort} ${reason} ${confidence}`;
}

/** The same of the only flow that some steps make. */
export function decided(steps: readonly Step[], known?: KnownServices): string {
  const flows = flowsOf(steps, known === undefined ? {} : { known });
  expect(flows).toHaveLength(1);
  return said(flows[0]!);
}

/** IPv4 endpoints as services known beforehand. */
export function knows(...endpoints: [address: string, port: number][]): KnownServices {
  const keys = new Set(
    endpoints.map(([address, port]) => {
      const octets = ip4(address);
      return `${new DataView(octets.buffer).getInt32(0)} ${port}`;
    }),
  );
  return (address, port) => keys.has(`${address} ${port}`);
}

/** The twelve octets of a DNS header, without and with its QR bit, in hex. */
export const ASK = '000101000001000000000000';
export const ANSWER = '000181800001000100000000';
/** Ends of a conversation with a name server. */
export const DNS: TalkOptions = { server: '198.51.100.53:53' };
/** Ends of a conversation unless stated. */
export const CLIENT = '192.0.2.1:40000';
export const SERVER = '198.51.100.2:80';
