/**
 * Ports in the order in which it is worth asking for them when not all can be asked: first a list
 * of our own, from what administrators meet on servers, appliances and clients; then what the
 * catalogue knows, likeliest and gravest first; then all other registered ports in order.
 *
 * It resembles a list by frequency but is none: nobody counted open ports to make it.
 */
import { allEntries, isWide } from './entries.ts';
import { RISKS } from './entry.ts';
import { serviceName } from './services.ts';

type Scanned = 'tcp' | 'udp' | 'sctp';

const FIRST: Readonly<Record<Scanned, string>> = {
  tcp: `80 443 22 445 3389 139 135 53 25 21 23 8080 110 143 993 995 587 465 3306 5432 1433 5900 111
    8443 389 636 88 464 3268 5985 8000 8888 9100 515 631 2049 548 5060 1723 1521 6379 27017 9200
    11211 8081 9090 3000 5000 5001 10000 8008 8009 7070 554 179 113 199 161 49 500 514 873 1080 1883
    1900 2000 2082 2083 2181 2222 2375 2376 2379 3128 3260 3269 4443 4444 4786 5222 5353 5357 5431
    5555 5601 5672 5801 5901 5986 6000 6443 6667 7001 7443 7547 8001 8088 8090 8181 8291 8834 9000
    9001 9042 9091 9092 9093 9389 9418 9443 9999 10050 10051 10250 15672 1720 1812 2121 3050 3478
    3690 4369 4848 50000 5040 5061 5800 5938 6001 623 6666 8006 8086 8089 81 82 88 8222 8500 8883
    902 912 990 9101 992 49152 49153 49154 49155 49156 49157 49664 49665 49666 49667 32400 50070 70
    79 7 9 13 17 19 37 43 102 119 502 512 513 543 544 593 646 1025 1026 1027 1110 1434 1494 1755 2001
    2103 2105 2107 2598 2717 3050 3986 4000 4899 5009 5051 5190 5666 5723 6646 8444 9876 10443 16992
    16993 20000 44818 47808 8530 8531 9997 8140 4505 4506 61616 8161 1352 1414 1098 1099 11111 45000
    50013 30015 7000 7199 9160 28017 5984 6984 7474 7687 8529 26257 8123 9300 4222 6650 1935 8554`,
  udp: `53 161 123 137 500 67 68 69 138 514 520 1434 1900 5353 4500 111 631 2049 3478 5060 389 88 464
    1701 1194 51820 5355 3702 162 1812 1813 1645 1646 19 7 9 13 17 37 623 177 443 3389 27015 5683
    5684 11211 1604 47808 44818 5632 10001 6881 5093 3283 523 2362 4665 7 1026 1027 1025 49152 49153
    49154 2222 4789 6081 8472 2123 2152 1985 1646 1718 1719 5351 5246 5247 3784 3785 161 427 497 518
    593 626 749 750 996 997 998 999 1022 1023 1029 1030 1433 1521 1761 1782 1967 2000 2048 2427 2727
    3456 3456 3260 3401 4569 5000 5001 5350 5678 6000 6346 6429 7777 8125 8211 9200 9987 10000 10080
    17185 17500 19132 20031 20000 25565 26000 27960 28960 30718 31337 32764 32768 32769 32770 33434
    37810 41794 48899 49156 50164 53413 54321 64738 65024`,
  sctp: `36412 38412 2905 3868 5060 36422 38422 38462 38472 2904 2944 2945 3565 14001 5061 5868 29118
    29168 29169 25471 9900 9082 36443 36444 36423 36424 36462 37472 29172 30100 3863 3864 9901 9902
    9899 9903 4739 4740 5672 5671 7 9 20 21 22 80 179 443 5090 5091 5675 6704 6705 6706 7626 8471
    9084 9700 10000 10001 10002 11997 11998 11999 1021 1022 1167 1812 1813 2049 2225 2427 2914 3097
    5910 5911 5912 5913 20049 23272`,
};

/** The first `count` ports of the order; fewer only when there are not as many (65,535). */
export function commonPorts(transport: Scanned, count: number): readonly number[] {
  const ports = new Set<number>();
  for (const port of inOrder(transport)) {
    if (ports.size >= count) break;
    if (port > 0) ports.add(port);
  }
  return [...ports];
}

/** Ports in order, some of them several times. Looks no further than it is asked. */
function* inOrder(transport: Scanned): Generator<number> {
  yield* FIRST[transport].trim().split(/\s+/).map(Number);
  const known = allEntries()
    .flatMap((entry) => entry.ports.map((range) => ({ entry, range })))
    .filter(({ range }) => range.transport === transport && !isWide(range.last - range.first));
  known.sort(
    (a, b) =>
      a.entry.rank - b.entry.rank ||
      RISKS.indexOf(b.entry.riskLevel) - RISKS.indexOf(a.entry.riskLevel) ||
      a.range.first - b.range.first,
  );
  for (const { range } of known) {
    for (let port = range.first; port <= range.last; port++) yield port;
  }
  for (const registered of [true, false]) {
    for (let port = 1; port < 65_536; port++) {
      if ((serviceName(transport, port) !== undefined) === registered) yield port;
    }
  }
}
