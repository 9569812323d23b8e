/**
 * HTTP/1 (RFC 9112) and what can be told apart behind it by headers, title or the JSON of an
 * unauthenticated root page; RTSP and IPP servers answer in the same form. HTTP/2 with prior
 * knowledge (RFC 9113 section 3.3) answers with a SETTINGS frame.
 */

import { isIPv6 } from 'node:net';
import { join, octetsOf, saidIn, textOf } from './octets.ts';
import { detailsOf, type Found, type Recogniser } from './recogniser.ts';

/** Header fields of an answer: the first of each name, names in lower case. */
export function headersOf(text: string): Map<string, string> {
  const headers = new Map<string, string>();
  const end = text.indexOf('\r\n\r\n');
  const lines = text.slice(0, end < 0 ? Math.min(text.length, 16_384) : end).split('\r\n', 200);
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    if (colon <= 0 || colon > 60) continue;
    const name = line.slice(0, colon).toLowerCase();
    // UTF-8 where it is that; RFC 9110 section 5.5 knows Latin-1 for older servers.
    const value = line.slice(colon + 1).trim();
    if (!headers.has(name)) headers.set(name, saidIn(value).slice(0, 300));
  }
  return headers;
}

function requestFor(address: string, port: number): Uint8Array {
  const host = isIPv6(address) ? `[${address.split('%')[0]}]` : address;
  return octetsOf(
    `GET / HTTP/1.1\r\nHost: ${host}:${port}\r\nUser-Agent: portreeve\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
  );
}

/** Applications known by a mark of theirs in the headers or on the root page. */
const APPLICATIONS: readonly {
  readonly name: string;
  readonly product: string;
  readonly header?: readonly [string, RegExp];
  readonly body?: RegExp;
  readonly version?: RegExp;
}[] = [
  {
    name: 'elasticsearch',
    product: 'Elasticsearch',
    body: /"tagline"\s{0,4}:\s{0,4}"You Know, for Search"/,
    version: /"number"\s{0,4}:\s{0,4}"([\w.-]{1,40})"/,
  },
  {
    name: 'opensearch',
    product: 'OpenSearch',
    body: /"tagline"\s{0,4}:\s{0,4}"The OpenSearch Project/,
    version: /"number"\s{0,4}:\s{0,4}"([\w.-]{1,40})"/,
  },
  {
    name: 'etcd',
    product: 'etcd',
    body: /^\{"etcdserver":"/,
    version: /"etcdserver":"([\w.+~-]{1,40})"/,
  },
  {
    name: 'couchdb',
    product: 'Apache CouchDB',
    body: /^\{"couchdb":"Welcome"/,
    version: /"version":"([\w.-]{1,40})"/,
  },
  {
    name: 'kubernetes-api',
    product: 'Kubernetes API server',
    body: /^\{\s{0,4}"kind":\s{0,4}"Status",\s{0,4}"apiVersion":\s{0,4}"v1"/,
  },
  {
    name: 'docker-api',
    product: 'Docker Engine API',
    header: ['server', /^Docker\//],
  },
  { name: 'jenkins', product: 'Jenkins', header: ['x-jenkins', /./] },
  { name: 'ipp', product: 'CUPS', header: ['server', /^CUPS\//] },
  { name: 'influxdb', product: 'InfluxDB', header: ['x-influxdb-version', /./] },
  { name: 'clickhouse', product: 'ClickHouse', header: ['x-clickhouse-summary', /./] },
  { name: 'grafana', product: 'Grafana', body: /<title>Grafana<\/title>/ },
  {
    name: 'rabbitmq-management',
    product: 'RabbitMQ management',
    body: /<title>RabbitMQ Management/,
  },
  { name: 'prometheus', product: 'Prometheus', body: /<title>Prometheus[^<]{0,60}<\/title>/ },
  {
    name: 'node-exporter',
    product: 'Prometheus node exporter',
    body: /<title>Node Exporter<\/title>/,
    version: /\(version=([\w.+~-]{1,40}),/,
  },
  {
    name: 'haproxy',
    product: 'HAProxy statistics',
    body: /<title>Statistics Report for HAProxy/,
    version: /HAProxy version ([\w.+~-]{1,40})/,
  },
  {
    name: 'tomcat',
    product: 'Apache Tomcat',
    body: /<title>Apache Tomcat<\/title>|<h3>Apache Tomcat\/\d|<title>Apache Tomcat\/\d/,
    version: /Apache Tomcat\/([\w.]{1,40})/,
  },
  { name: 'syncthing', product: 'Syncthing', header: ['x-syncthing-version', /./] },
  {
    // Its root leads to the page for questions, with nothing else to know it by.
    name: 'prometheus',
    product: 'Prometheus',
    header: ['location', /^(?:\/classic)?\/(?:graph|query)$/],
    body: /^<a href="[\w/]{1,40}">Found<\/a>\./,
  },
  { name: 'minio', product: 'MinIO', header: ['server', /^MinIO/] },
  { name: 'ollama', product: 'Ollama', body: /^Ollama is running/ },
  { name: 'neo4j-http', product: 'Neo4j', body: /"neo4j_version"\s{0,4}:\s{0,4}"/ },
];

/** Programs that pass requests on and serve nothing of their own. */
const PROXIES = /^(?:squid|tinyproxy|privoxy)\b/i;

/** `Apache/2.4.57 (Debian)` → product, version, rest. */
function serverField(value: string): { product: string; version?: string; extra?: string } {
  const parts = /^([^/(]{1,80}?)(?:[/ ](\d[^\s(]{0,59})|\/([^\s(]{1,60}))?(?:\s+(.{1,160}))?$/.exec(
    value,
  );
  if (parts === null) return { product: value };
  const [, product = value, number, word, extra] = parts;
  const version = number ?? word;
  return {
    product,
    ...(version === undefined ? {} : { version }),
    ...(extra === undefined ? {} : { extra }),
  };
}

/** System, `UPnP/` and its version, then the program (UPnP Device Architecture, SERVER). */
function upnpField(value: string): Pick<Found, 'name' | 'product' | 'version'> | undefined {
  const parts = /\bUPnP\/\d[\d.]{0,5},?(?:\s{1,4}([^/]{1,80})(?:\/(\S{1,40}))?)?/.exec(value);
  if (parts === null) return undefined;
  const [, product = 'UPnP device', version] = parts;
  return { name: 'upnp', product, ...(version === undefined ? {} : { version }) };
}

function readHttp(answer: Uint8Array): Found | undefined {
  const text = textOf(answer, 0, Math.min(answer.length, 32_768));
  const status = /^HTTP\/(1\.[01]) (\d{3})/.exec(text);
  if (status === null) return undefined;
  const headers = headersOf(text);
  const split = text.indexOf('\r\n\r\n');
  const body = split < 0 ? '' : text.slice(split + 4);
  const server = headers.get('server');
  const details = detailsOf({
    status: status[2],
    title: titleOf(body),
    location: headers.get('location'),
    authenticate: headers.get('www-authenticate'),
    'powered-by': headers.get('x-powered-by'),
    via: headers.get('via'),
  });
  const device = server === undefined ? undefined : upnpField(server);
  if (device !== undefined) return { ...device, extra: server!, details, confidence: 10 };
  for (const { name, product, header, body: mark, version } of APPLICATIONS) {
    const value = header === undefined ? undefined : headers.get(header[0]);
    if (header !== undefined && (value === undefined || !header[1].test(value))) continue;
    if (mark !== undefined && !mark.test(body)) continue;
    const number =
      version?.exec(body)?.[1] ?? (header === undefined ? undefined : versionIn(value ?? ''));
    return {
      name,
      product,
      ...(number === undefined ? {} : { version: number }),
      ...(server === undefined ? {} : { extra: server }),
      details,
      confidence: 10,
    };
  }
  return {
    name: PROXIES.test(server ?? '') ? 'http-proxy' : 'http',
    ...(server === undefined ? {} : serverField(server)),
    details,
    confidence: 10,
  };
}

function versionIn(value: string): string | undefined {
  return /(?:^|\/)(\d[\w.-]{0,40})/.exec(value)?.[1];
}

/** The title of a page, its white space made single; undefined without one. */
export function titleOf(body: string): string | undefined {
  const start = body.search(/<title[\s>]/i);
  if (start < 0) return undefined;
  const open = body.indexOf('>', start);
  const close = body.indexOf('<', open);
  if (open < 0) return undefined;
  const raw = body.slice(open + 1, close < 0 ? open + 1000 : Math.min(close, open + 1000));
  const words = saidIn(raw).replaceAll(/\s+/g, ' ').trim();
  return words === '' ? undefined : words.slice(0, 200);
}

export const HTTP: Recogniser = {
  service: 'http',
  transport: 'tcp',
  ports: [
    80, 81, 591, 631, 2375, 3000, 5000, 5601, 5984, 5985, 7001, 8000, 8008, 8080, 8081, 8088, 8123,
    8200, 8500, 8888, 9000, 9080, 9090, 9091, 9200, 10000, 11434, 15672,
  ],
  question: { ask: ({ address, port }) => requestFor(address, port), order: 1 },
  read: readHttp,
};

export const RTSP: Recogniser = {
  service: 'rtsp',
  transport: 'tcp',
  ports: [554, 8554],
  question: {
    ask: () => octetsOf('OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: portreeve\r\n\r\n'),
    order: 6,
  },
  read: (answer) => {
    const text = textOf(answer, 0, Math.min(answer.length, 8192));
    if (!/^RTSP\/1\.0 \d{3}/.test(text)) return undefined;
    const server = headersOf(text).get('server');
    return {
      name: 'rtsp',
      ...(server === undefined ? {} : serverField(server)),
      details: detailsOf({ methods: headersOf(text).get('public') }),
      confidence: 10,
    };
  },
};

/** A SETTINGS frame on stream 0: length (3), type 4, flags 0, stream (4). */
export const HTTP2: Recogniser = {
  service: 'http2',
  transport: 'tcp',
  ports: [50051],
  question: {
    ask: () =>
      join(
        octetsOf('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
        // Empty settings of our own, which the server may wait for.
        Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0),
      ),
    order: 7,
  },
  read: (answer) => {
    if (answer.length < 9 || answer[3] !== 4 || answer[4] !== 0) return undefined;
    const length = (answer[0]! << 16) | (answer[1]! << 8) | answer[2]!;
    const stream = answer[5]! | answer[6]! | answer[7]! | answer[8]!;
    if (length % 6 !== 0 || length > 600 || stream !== 0) return undefined;
    return { name: 'http2', extra: 'prior knowledge', confidence: 10 };
  },
};
