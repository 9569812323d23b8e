import { describe, expect, it } from 'vitest';
import type { Flow } from '../model/flow.ts';
import { connLogHead, connLogLine, connLogTail } from './conn-log.ts';

const flow = (more: Partial<Flow> = {}): Flow => ({
  kind: 'flow',
  transport: 'tcp',
  client: '192.0.2.1',
  clientPort: 40_000,
  server: '2001:db8::2',
  serverPort: 443,
  direction: { reason: 'syn', confidence: 'certain' },
  toServer: { packets: 3, bytes: 300, payloadBytes: 180, minLength: 40, maxLength: 220 },
  toClient: { packets: 2, bytes: 90, payloadBytes: 10, minLength: 40, maxLength: 50 },
  firstMs: 1_700_000_000_123.456,
  lastMs: 1_700_000_001_123.456,
  state: 'SF',
  history: 'ShADadFf',
  carriedBytes: 0,
  carriedPackets: 0,
  icmpErrors: 0,
  retransmitted: 0,
  locator: 'lan.pcap#1',
  ...more,
});

/** Reads a log as strictly as the format is defined: every line as wide as the header. */
function parse(log: string): Record<string, string>[] {
  const lines = log.split('\n');
  expect(lines.pop()).toBe('');
  expect(lines[0]).toBe('#separator \\x09');
  const header = new Map(
    lines
      .filter((line) => line.startsWith('#'))
      .map((line) => {
        const [key, ...values] = line.split('\t');
        return [key!, values];
      }),
  );
  expect(header.get('#set_separator')).toEqual([',']);
  expect(header.get('#empty_field')).toEqual(['(empty)']);
  expect(header.get('#unset_field')).toEqual(['-']);
  expect(header.get('#path')).toEqual(['conn']);
  expect(header.get('#open')![0]).toMatch(/^\d{4}(-\d\d){5}$/);
  expect(header.get('#close')![0]).toMatch(/^\d{4}(-\d\d){5}$/);
  const fields = header.get('#fields')!;
  const types = header.get('#types')!;
  expect(types).toHaveLength(fields.length);
  expect(lines.at(-1)).toMatch(/^#close/);
  return lines
    .filter((line) => !line.startsWith('#'))
    .map((line) => {
      const values = line.split('\t');
      expect(values).toHaveLength(fields.length);
      for (const [index, value] of values.entries()) check(types[index]!, value);
      return Object.fromEntries(fields.map((field, index) => [field, values[index]!]));
    });
}

const SHAPES: Readonly<Record<string, RegExp>> = {
  time: /^\d+\.\d{6}$/,
  interval: /^\d+\.\d{6}$/,
  count: /^\d+$/,
  int: /^-?\d+$/,
  port: /^\d{1,5}$/,
  bool: /^[TF]$/,
  addr: /^[0-9a-f.:]+$/,
  enum: /^(tcp|udp|icmp|sctp|unknown_transport)$/,
  string: /^\S+$/,
  'set[string]': /^\S+$/,
};

function check(type: string, value: string): void {
  if (value !== '-') expect(value, type).toMatch(SHAPES[type]!);
}

const logOf = (...flows: Flow[]) =>
  connLogHead(1_700_000_000_000) +
  flows.map((each) => connLogLine(each, true, false)).join('') +
  connLogTail(1_700_000_001_000);

describe('conn.log', () => {
  it('has Zeek’s fields in Zeek’s order', () => {
    const head = connLogHead(0)
      .split('\n')
      .find((line) => line.startsWith('#fields'));
    expect(head).toBe(
      '#fields ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents ip_proto vlan inner_vlan'.replaceAll(
        ' ',
        '\t',
      ),
    );
  });

  it('can be read back', () => {
    const [row] = parse(logOf(flow({ vlan: 10 })));
    expect(row).toMatchObject({
      ts: '1700000000.123456',
      'id.orig_h': '192.0.2.1',
      'id.orig_p': '40000',
      'id.resp_h': '2001:db8::2',
      'id.resp_p': '443',
      proto: 'tcp',
      service: '-',
      duration: '1.000000',
      orig_bytes: '180',
      resp_bytes: '10',
      conn_state: 'SF',
      local_orig: 'T',
      local_resp: 'F',
      history: 'ShADadFf',
      orig_pkts: '3',
      orig_ip_bytes: '300',
      resp_pkts: '2',
      resp_ip_bytes: '90',
      ip_proto: '6',
      vlan: '10',
      inner_vlan: '-',
    });
  });

  it.each([
    ['tls', 'ssl'],
    ['ssh', 'ssh'],
    ['dce-rpc', 'dce_rpc'],
    [null, '-'],
  ])('names %s as Zeek does: %s', (spoken, service) => {
    expect(connLogLine(flow({}), true, true, spoken).split('\t')[7]).toBe(service);
    const silent = { packets: 1, bytes: 40, payloadBytes: 0, minLength: 40, maxLength: 40 };
    const attempt = flow({ toServer: silent, toClient: silent });
    expect(connLogLine(attempt, true, true, spoken).split('\t')[7]).toBe('-');
  });

  it.each([
    ['icmpv6', 'icmp', '58'],
    ['icmp', 'icmp', '1'],
    ['sctp', 'sctp', '132'],
    ['dccp', 'unknown_transport', '33'],
    ['ip-47', 'unknown_transport', '47'],
  ] as const)('writes %s as %s, protocol %s', (transport, proto, number) => {
    expect(parse(logOf(flow({ transport })))[0]).toMatchObject({ proto, ip_proto: number });
  });

  it('leaves duration and payload of a single packet unset', () => {
    const none = { packets: 0, bytes: 0, payloadBytes: 0, minLength: 0, maxLength: 0 };
    const toServer = { ...none, packets: 1, bytes: 40 };
    const [row] = parse(logOf(flow({ toServer, toClient: none, history: '' })));
    expect(row).toMatchObject({ duration: '-', orig_bytes: '-', resp_bytes: '-', history: '-' });
  });

  it('gives each flow one name of its own, always the same', () => {
    const flows = Array.from({ length: 20_000 }, (_, index) =>
      flow({ locator: `lan.pcap#${index >> 1}`, clientPort: index & 1 }),
    );
    const names = () => flows.map((each) => connLogLine(each, true, true).split('\t')[1]);
    const uids = names();
    expect(new Set(uids).size).toBe(flows.length);
    expect(uids.every((uid) => /^C[0-9A-Za-z]{15}$/.test(uid!))).toBe(true);
    expect(names()).toEqual(uids);
  });

  it('closes a log without flows', () => {
    expect(parse(logOf())).toEqual([]);
  });
});
