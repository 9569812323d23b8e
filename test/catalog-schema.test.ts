/** The catalogue's schema: every fault is told with its place, and none is passed over. */
import { describe, expect, it } from 'vitest';
import {
  crossCheck,
  readEntries,
  readRoles,
  readSources,
  tellWhatElseEnds,
} from '../scripts/catalog-schema.mjs';

const GOOD = `- id: some-service
  name: Some service
  ports: 7/tcp+udp 9-11/tcp
  aliases: [some]
  what: It does something.
  windows: none, not part of Windows
  linux: {process: somed, unit: [somed.socket + somed.service]}
  risk: high, anyone may use it
  belongs: inside, between servers
  closable: partly, a little
  breaks: something
  companions:
    - 8/udp another
  firewall: Block.
  sources: [RFC 862]
`;
const none = new Map<string, { title: string }>();
const faultsOf = (text: string) => readEntries(text, 'x.yaml', none).faults;

describe('entries', () => {
  it('are read whole', () => {
    const { entries, faults } = readEntries(GOOD, 'some/x.yaml', none);
    expect(faults).toEqual([]);
    expect(entries).toEqual([
      {
        id: 'some-service',
        name: 'Some service',
        group: 'x',
        rank: 5,
        ports: [
          { transport: 'tcp', first: 7, last: 7 },
          { transport: 'udp', first: 7, last: 7 },
          { transport: 'tcp', first: 9, last: 11 },
        ],
        aliases: ['some'],
        what: 'It does something.',
        windows: { none: 'not part of Windows' },
        linux: {
          process: 'somed',
          stops: ['somed.socket', 'somed.service'],
          close: [
            {
              run: 'systemctl stop somed.socket somed.service; systemctl disable somed.socket somed.service',
            },
          ],
        },
        risk: { level: 'high', because: 'anyone may use it' },
        belongs: { place: 'inside', note: 'between servers' },
        closable: { answer: 'partly', note: 'a little' },
        breaks: 'something',
        companions: [{ ports: [{ transport: 'udp', first: 8, last: 8 }], what: 'another' }],
        firewall: 'Block.',
        sources: [{ title: 'RFC 862', url: 'https://www.rfc-editor.org/rfc/rfc862' }],
        place: 'some/x.yaml:1',
      },
    ]);
  });

  it.each([
    ['a missing field', /^ {2}breaks: .*\n/m, '', /x\.yaml:1:3: the field "breaks" is missing/],
    ['an unknown field', 'breaks:', 'brakes:', /x\.yaml:11:3: there is no field "brakes"/],
    [
      'a port that is none',
      '7/tcp+udp',
      '70000/tcp',
      /x\.yaml:3:10: ports: "70000\/tcp" is no port/,
    ],
    ['a range backwards', '9-11/tcp', '11-9/tcp', /ports: "11-9\/tcp" is no port/],
    ['a port without transport', '7/tcp+udp', '7', /ports: "7" is no port/],
    ['an unknown transport', '7/tcp+udp', '7/icmp', /ports: "7\/icmp" is no port/],
    [
      'an unknown risk',
      'risk: high',
      'risk: severe',
      /x\.yaml:8:9: risk: begins with one of none, low/,
    ],
    ['a risk without reason', 'high, anyone may use it', 'high', /risk: "high, why" is needed/],
    ['no reason why not', 'partly, a little', 'partly', /closable: say why not/],
    [
      'an unknown place',
      'inside, between',
      'outside, between',
      /belongs: begins with one of perimeter/,
    ],
    ['an unknown source', 'RFC 862', 'hearsay', /"hearsay" is no RFC and not in sources\.yaml/],
    ['no source', '[RFC 862]', 'none, nobody wrote it down', /sources: at least one is needed/],
    ['an id in capitals', 'id: some-service', 'id: Some', /id: "Some" is not lower case/],
    ['an alias of two words', '[some]', '[some thing]', /aliases: "some thing" is not one word/],
    ['an empty list', '[some]', '[]', /aliases: an empty list/],
    [
      'a companion without port',
      '8/udp another',
      'another',
      /x\.yaml:13:7: companions: begins with a port/,
    ],
    ['a unit without ending', 'somed.socket +', 'somed +', /unit: .* is no name of a unit/],
    ['a pattern that cannot be disabled', 'somed.socket', 'some*.socket', /is no name of a unit/],
    [
      'nothing about closing',
      ', unit: [somed.socket + somed.service]',
      '',
      /linux: say how to close it/,
    ],
    ['none without reason', 'none, not part of Windows', 'none', /windows: "none, why" or process/],
    ['an odd character', 'It does something.', 'It does\u200b something.', /what: one line/],
    ['broken YAML', 'aliases: [some]', 'aliases: [some', /^x\.yaml:\d+:\d+: /],
  ])('with %s are refused', (_what, from, to, message) => {
    const text = GOOD.replace(from, to);
    expect(text).not.toBe(GOOD);
    expect(faultsOf(text).join('\n')).toMatch(message);
  });

  it.each([
    ['windows', 'Shut-Down Everything', /begins with no PowerShell verb/],
    ['linux', 'curl example', /begins with no known program/],
  ])('with an odd %s command are refused', (platform, command, message) => {
    const old = platform === 'windows' ? 'none, not part of Windows' : /\{process: somed.*\}/;
    const text = GOOD.replace(old, `{process: x, close: "$ ${command}"}`);
    expect(faultsOf(text).join('\n')).toMatch(message);
  });

  it.each(['', 'a: 1', '- text', '[]'])('%j has no entry and does no harm', (text) => {
    expect(readEntries(text, 'x.yaml', none).entries).toEqual([]);
  });
});

it('tells all faults of a file at once', () => {
  expect(faultsOf(GOOD.replace('high', 'severe').replace('inside', 'outside'))).toHaveLength(2);
});

it('refuses one name for two entries', () => {
  const { entries } = readEntries(GOOD + GOOD, 'x.yaml', none);
  expect(crossCheck(entries, [])).toEqual([
    'x.yaml:16: "some-service" is taken by x.yaml:1',
    'x.yaml:16: "some" is taken by x.yaml:1',
  ]);
});

it('says before the commands what else ends with a unit that several entries name', () => {
  const other = (id: string, ports: string, unit: string) =>
    GOOD.replace('some-service', id)
      .replace('Some service', `Service ${id}`)
      .replace('7/tcp+udp 9-11/tcp', ports)
      .replace('[some]', 'none, only its id')
      .replace('[somed.socket + somed.service]', unit);
  const { entries, stops } = readEntries(
    [
      GOOD,
      other('b', '80/tcp', '[other.service, somed.service]'),
      other('c', '81/tcp', 'other.service').replace('partly, a little', 'no, it must run'),
      other('d', '82/tcp', 'alone.service'),
    ].join(''),
    'x.yaml',
    none,
  );
  tellWhatElseEnds(stops);
  const first = entries.map(({ linux }) => ('close' in linux ? linux.close[0] : undefined));
  expect(first).toEqual([
    { say: 'among what may end with it: Service b (80/tcp)' },
    {
      say: 'among what may end with it: Service c (81/tcp), Some service (7/tcp+udp 9-11/tcp)',
    },
    { say: 'only together with everything it does:' },
    { run: 'systemctl stop alone.service; systemctl disable alone.service' },
  ]);
});

it('names each unit that is stopped once, those of steps written out too', () => {
  const text = GOOD.replace(
    'unit: [somed.socket + somed.service]',
    'unit: [a.service, b.service + a.service], close: "$ systemctl mask --now c.socket d.service\\n$ systemctl restart e"',
  );
  const { entries, faults } = readEntries(text, 'x.yaml', none);
  expect(faults).toEqual([]);
  expect(entries[0]?.linux).toMatchObject({
    stops: ['a.service', 'b.service', 'c.socket', 'd.service'],
  });
});

it('disables a template for all that is made of it, since only stopping takes patterns', () => {
  const text = GOOD.replace('somed.socket + somed.service', '"somed@*.service"');
  const [entry] = readEntries(text, 'x.yaml', none).entries;
  expect(entry?.linux).toMatchObject({
    close: [{ run: "systemctl stop 'somed@*.service'; systemctl disable somed@.service" }],
  });
});

it('refuses a role that depends on none', () => {
  const role = `- id: one
  name: One
  aliases: none, its id says it
  what: It serves.
  core: [7/tcp or 7/udp, 9/tcp]
  distinctive: [7/tcp]
  absent: none, nothing speaks against it
  companions: none, it stands alone
  dynamic: none
  in: [7 from clients]
  out: none, it asks nobody
  peer: none, it stands alone
  depends: [two names]
  sources: [RFC 862]
`;
  const { roles, faults } = readRoles(role, 'r.yaml', none);
  expect(faults).toEqual([]);
  expect(roles[0]?.core).toEqual([
    [
      { transport: 'tcp', first: 7, last: 7 },
      { transport: 'udp', first: 7, last: 7 },
    ],
    [{ transport: 'tcp', first: 9, last: 9 }],
  ]);
  expect(crossCheck([], roles)).toEqual(['r.yaml:1: depends on "two", which is no role']);
  const torn = role.replace('[7 from clients]', '[7 from clients, with a helper]');
  expect(readRoles(torn, 'r.yaml', none).faults).toEqual([
    'r.yaml:10:24: in: "with a helper" is no rule by itself',
  ]);
});

it('reads sources with and without an address', () => {
  const { sources, faults } = readSources('a: A title https://a.example/\nb: Another title\n');
  expect(faults).toEqual([]);
  expect(Object.fromEntries(sources)).toEqual({
    a: { title: 'A title', url: 'https://a.example/' },
    b: { title: 'Another title' },
  });
  expect(readSources('A b: text\n').faults.join()).toMatch(/sources\.yaml:1:1: "A b" is no key/);
});
