import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  crossCheck,
  readEntries,
  readRoles,
  readSources,
  tellWhatElseEnds,
} from '../../scripts/catalog-schema.mjs';
import {
  allEntries,
  allRoles,
  entriesOnPorts,
  entriesWith,
  entryNamed,
  entryOf,
  neighbours,
  rangesAround,
  roleNamed,
} from './entries.ts';
import { formatCatalogPorts, RISKS, type Step } from './entry.ts';
import { serviceName } from './services.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const REFERENCE = fileURLToPath(new URL('../../../shared/reference/', import.meta.url));
const read = (path: string) => readFileSync(join(FOLDER, path), 'utf8');
const files = (folder: string) =>
  readdirSync(join(FOLDER, folder)).map((name) => `${folder}/${name}`);

const known = readSources(read('sources.yaml'));
const entryFiles = files('entries').map((file) => readEntries(read(file), file, known.sources));
const roleFiles = files('roles').map((file) => readRoles(read(file), file, known.sources));
tellWhatElseEnds(entryFiles.flatMap(({ stops }) => stops));
const entries = entryFiles.flatMap((file) => file.entries);
const roles = roleFiles.flatMap((file) => file.roles);

describe('the text', () => {
  it('keeps to the schema', () => {
    const faults = [known, ...entryFiles, ...roleFiles].flatMap((file) => file.faults);
    expect(faults).toEqual([]);
    expect(crossCheck(entries, roles)).toEqual([]);
  });

  it('is what the compiled table holds', () => {
    const compiled = allEntries().map(entryOf);
    expect(compiled).toEqual(entries.map(({ place: _, ...entry }) => entry));
    expect(allRoles()).toEqual(roles.map(({ place: _, ...role }) => role));
    expect(compiled.length).toBeGreaterThanOrEqual(250);
  });

  it('cites every source that it lists', () => {
    const cited = new Set(
      [...entries, ...roles].flatMap(({ sources }) => sources.map(({ title }) => title)),
    );
    const idle = [...known.sources].filter(([, { title }]) => !cited.has(title));
    expect(idle.map(([key]) => key)).toEqual([]);
  });

  it('cites the registry for ports that are in it', () => {
    const idle = entries
      .filter(({ sources }) => sources.some(({ title }) => title.startsWith('IANA')))
      .filter(
        ({ ports }) =>
          !ports.some(({ transport, first, last }) =>
            [first, last].some((port) => serviceName(transport, port) !== undefined),
          ),
      );
    expect(idle.map(({ id }) => id)).toEqual([]);
  });

  it('names each service of a port with a rank of its own, or says the order does not matter', () => {
    const first = new Map<string, string>();
    for (const { id, rank, ports } of entries) {
      for (const port of ports) {
        if (port.first !== port.last || rank > 1) continue;
        const key = `${port.first}/${port.transport}`;
        if (rank === 1) {
          expect(first.get(key), `${id} and another are both likeliest on ${key}`).toBeUndefined();
          first.set(key, id);
        }
      }
    }
  });

  it.each(entries)('$id explains itself on one screen', (entry) => {
    const texts = [
      entry.what,
      entry.risk.because,
      entry.breaks,
      entry.firewall,
      entry.belongs.note,
    ];
    for (const text of texts) expect(text.length).toBeLessThan(420);
    expect(entry.what).toMatch(/^[A-Z0-9].*[.)]$/);
    expect(entry.risk.because).not.toMatch(/\.$/);
    expect(entry.firewall).toMatch(/\.$/);
  });

  it('stop no service that is more than its port before they warn', () => {
    const firsts = entries.flatMap(({ id, closable, windows }) => {
      if (closable.answer !== 'no' || 'none' in windows) return [];
      const [first] = windows.close;
      return first === undefined ? [] : [{ id, run: 'run' in first ? first.run : '' }];
    });
    expect(firsts.length).toBeGreaterThan(10);
    expect(firsts.filter(({ run }) => run.includes('Stop-Service'))).toEqual([]);
  });

  it.each(entries)('$id has commands that look right', ({ windows, linux }) => {
    const runs = (steps: readonly Step[]) =>
      steps.flatMap((step) => ('run' in step ? [step.run] : []));
    for (const run of 'none' in windows ? [] : runs(windows.close)) {
      expect(run).toMatch(
        /^[A-Z][a-z]+-[A-Z][A-Za-z]+|^(netsh|reg add|dnscmd|sqlcmd|docker|sc\.exe) /,
      );
      expect(run).not.toMatch(/systemctl|[“”‘’]/);
      // It empties a registry key that is there already.
      expect(run).not.toMatch(/^New-Item .*-Force/);
    }
    for (const run of 'none' in linux ? [] : runs(linux.close)) {
      expect(run).toMatch(
        /^(systemctl|ss|esxcli|kubeadm|docker|rabbitmq-plugins|adb|birdc|ovs-vsctl) /,
      );
      expect(run).not.toMatch(/[“”‘’]/);
      const units = /^systemctl (?:stop .+; systemctl )?disable (.+)$/.exec(run)?.[1];
      for (const unit of units?.split(' ') ?? []) {
        expect(unit.replaceAll("'", '')).toMatch(
          /^[A-Za-z0-9@_.*-]+\.(service|socket|target|path)$/,
        );
      }
    }
  });
});

/** Every port of the Windows table and of the role signatures, for clones that lack them. */
const MUST_EXPLAIN = {
  tcp: `7 9 13 17 19 20 21 22 23 24 25 42 53 80 81 88 102 110 111 119 135 139 143 179 389 427 443 444
    445 464 465 475 502 512 514 515 548 554 563 587 593 601 623 631 636 646 647 662 705 717 749 783
    802 808 830 853 860 873 875 892 902 943 953 990 993 995 1067 1068 1080 1089 1158 1217 1270 1344
    1389 1433 1434 1500 1501 1521 1556 1581 1630 1636 1720 1723 1745 1755 1801 1883 1911 1936 2000
    2003 2012 2014 2015 2020 2049 2083 2101 2103 2105 2107 2171 2172 2173 2175 2179 2181 2221 2222
    2233 2375 2376 2377 2379 2380 2382 2383 2393 2394 2404 2443 2455 2484 2525 2701 2702 2703 2704
    2725 2821 2869 2888 3000 3023 3080 3128 3205 3260 3268 3269 3306 3343 3389 3478 3527 3847 3888
    4022 4032 4045 4190 4240 4244 4369 4444 4460 4567 4568 4840 4843 4911 5000 5001 5022 5038 5040
    5044 5060 5061 5094 5120 5123 5222 5349 5355 5357 5358 5432 5445 5450 5473 5480 5500 5504 5551
    5552 5555 5565 5601 5666 5671 5672 5722 5723 5724 5800 5900 5938 5984 5985 5986 5988 5989 6001
    6002 6004 6101 6106 6160 6162 6163 6170 6172 6184 6200 6379 6380 6432 6443 6500 6514 6556 6600
    6783 7000 7001 7022 7199 7444 7505 7578 7680 7937 7938 7946 8000 8003 8005 8006 8007 8008 8080
    8081 8082 8083 8084 8086 8088 8089 8098 8100 8172 8182 8200 8300 8400 8401 8402 8403 8404 8408
    8443 8530 8531 8883 8888 9000 9001 9021 9042 9084 9087 9090 9091 9092 9093 9094 9100 9101 9102
    9103 9104 9113 9114 9115 9116 9117 9121 9160 9182 9187 9200 9216 9300 9308 9345 9389 9392 9401
    9419 9443 9600 9997 9999 10000 10006 10024 10050 10051 10082 10102 10123 10248 10249 10250 10251
    10252 10254 10255 10256 10257 10259 10443 11090 11211 11731 11740 12201 13720 13724 13782 15671
    15672 15674 15692 16379 17988 17990 18245 19998 19999 20000 20048 22233 25672 26379 27017 27018
    27019 28017 32803 32843 32844 32845 33060 33061 33062 34962 34964 42424 44818 47001 48885 48898
    49443 49664 50389 50636 51515 51909 61613 61614 64327`,
  udp: `7 9 13 17 19 42 53 67 68 69 88 111 123 137 138 161 162 319 320 389 427 443 464 500 514 546 547
    623 631 636 664 1434 1645 1646 1701 1719 1745 1755 1801 1812 1813 1900 2049 2162 2222 2427 2460
    2535 2701 2727 3130 3343 3389 3391 3478 3527 3544 3671 3702 3799 4011 4500 4501 4569 4789 5004
    5005 5060 5353 5355 5405 6514 6784 7946 8004 8125 8472 9600 10161 10162 11211 12201 12345 20000
    23451 25536 25826 32769 34964 34980 44818 47808 51820`,
};

describe('coverage', () => {
  it.each(Object.entries(MUST_EXPLAIN))('has every %s port that matters', (transport, list) => {
    const missing = list.split(/\s+/).filter((port) => !isCovered(transport, Number(port)));
    expect(missing).toEqual([]);
  });

  it.skipIf(!existsSync(REFERENCE))('has every port and range of the Windows table', () => {
    expect(windowsPorts().filter(isUnknown)).toEqual([]);
  });

  it.skipIf(!existsSync(REFERENCE))('has every port and range of the role signatures', () => {
    expect(rolePorts().filter(isUnknown)).toEqual([]);
  });
});

/** Whether an entry of its own (no wide range) has the port. */
function isCovered(transport: string, port: number): boolean {
  return entriesOnPorts({ transport, first: port, last: port }).length > 0;
}

/** Single ports need an entry of their own; of a range, one that meets or holds it. */
function isUnknown({ transport, first, last }: Wanted): boolean {
  if (entriesOnPorts({ transport, first, last }).length > 0) return false;
  return first === last || rangesAround(first, transport).length === 0;
}

interface Wanted {
  readonly transport: string;
  readonly first: number;
  readonly last: number;
}

function windowsPorts(): Wanted[] {
  const table = readFileSync(join(REFERENCE, 'windows-services.tsv'), 'utf8');
  return table
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([, , , transport]) => transport === 'tcp' || transport === 'udp')
    .flatMap(([, , , transport, ports]) =>
      ports!.split(',').map((range) => {
        const [first, last = first] = range.split('-').map(Number);
        return { transport: transport!, first: first!, last: last! };
      }),
    );
}

/** Numbers with a transport in the tables of the roles: `389 t/u`, `67 u`, `6783 t/u + 6784 u`. */
function rolePorts(): Wanted[] {
  const text = readFileSync(join(REFERENCE, 'roles.md'), 'utf8');
  return [...text.matchAll(/\b(\d{2,5})(?:-(\d{2,5}))? (t\/u|t|u)\b/g)].flatMap(
    ([, first, last = first, letters]) =>
      letters!.split('/').map((letter) => ({
        transport: letter === 't' ? 'tcp' : 'udp',
        first: Number(first),
        last: Number(last),
      })),
  );
}

describe('look-up', () => {
  it.each([
    ['tcp', 1433, 'ms-sql'],
    ['udp', 138, 'netbios-datagram'],
    ['tcp', 80, 'http'],
    ['tcp', 443, 'https'],
    ['tcp', 8080, 'http-alternate'],
    ['tcp', 9100, 'raw-printing'],
    ['tcp', 102, 's7'],
    ['udp', 2222, 'ethernet-ip'],
    ['tcp', 2222, 'ssh-alternate'],
    ['tcp', 49664, 'windows-boot-rpc'],
    ['sctp', 3868, 'diameter'],
  ])('%s %i is likeliest %s', (transport, port, id) => {
    expect(entriesOnPorts({ transport, first: port, last: port })[0]?.id).toBe(id);
  });

  it('leaves wide ranges out unless they are asked for whole', () => {
    const narrow = entriesOnPorts({ first: 50_100, last: 50_101, transport: 'tcp' });
    expect(narrow).toEqual([]);
    expect(rangesAround(50_100, 'tcp').map(({ id }) => id)).toContain('rpc-dynamic');
    const whole = entriesOnPorts({ first: 49_152, last: 65_535, transport: 'tcp' });
    expect(whole.map(({ id }) => id)).toContain('rpc-dynamic');
  });

  it('orders a range by port', () => {
    const found = entriesOnPorts({ first: 135, last: 139, transport: 'tcp' });
    expect(found.map(({ id }) => id)).toEqual(['rpc-endpoint-mapper', 'netbios-session']);
  });

  it.each([
    ['rdp', 'rdp'],
    ['RDP', 'rdp'],
    ['Microsoft SQL Server', 'ms-sql'],
    ['k8s', 'kubernetes-api'],
  ])('finds %s by name', (name, id) => {
    expect(entryNamed(name)?.id).toBe(id);
  });

  it('finds words anywhere, all of them', () => {
    expect(entriesWith(['EternalBlue']).map(({ id }) => id)).toEqual(['smb']);
    expect(entriesWith(['veeam', 'proxies']).map(({ id }) => id)).toContain('veeam-data');
    expect(entriesWith(['veeam', 'no such word'])).toEqual([]);
    expect(entryNamed('no such name')).toBeUndefined();
  });

  it('knows the neighbours of a port, at the ends too', () => {
    expect(neighbours(1432, 'tcp').map(({ id }) => id)).toContain('ms-sql');
    expect(neighbours(0, 'tcp').map(({ id }) => id)).toEqual(['tcpmux']);
    expect(neighbours(65_535, 'tcp')).toHaveLength(1);
    expect(neighbours(137, 'tcp').map(({ id }) => id)).toEqual([
      'netbios-name',
      'rpc-endpoint-mapper',
      'netbios-session',
    ]);
  });

  it('has at least one entry of every risk', () => {
    for (const risk of RISKS) {
      expect(allEntries().some(({ riskLevel }) => riskLevel === risk)).toBe(true);
    }
  });

  it('finds roles by id and alias', () => {
    expect(roleNamed('domain-controller')?.id).toBe('domain-controller');
    expect(roleNamed('DC')?.id).toBe('domain-controller');
    expect(roleNamed('no such role')).toBeUndefined();
  });

  it('writes ports as people do', () => {
    expect(formatCatalogPorts(entryNamed('dns')!.ports)).toBe('53/tcp+udp');
    expect(formatCatalogPorts(entryNamed('ms-olap-legacy')!.ports)).toBe('2393-2394/tcp 2725/tcp');
  });
});
