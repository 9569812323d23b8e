/**
 * Reads Nmap XML (nmap.dtd), and what others write in its likeness: masscan (one host element per
 * port, IPv6 labelled ipv4), Smap, RustScan's Nmap. A file that ends too early keeps everything
 * before the cut. Document type and entities are never resolved.
 */
import { SaxesParser } from 'saxes';
import type { PortStateName, ServiceId } from '../../../model/port-state.ts';
import type { Transport } from '../../../model/transport.ts';
import { type ImportedScan, RecordBuilder, secondsToMs } from './record-builder.ts';

type Attributes = Readonly<Record<string, string>>;

interface PortDraft {
  readonly words: Attributes;
  state: Attributes;
  service: Attributes | undefined;
  readonly cpe: string[];
}

/** Text of the parser's own messages, in our words where people meet it often. */
const UNEXPECTED_END = /unexpected end|unclosed tag|must contain a root/;

class NmapReader {
  readonly builder = new RecordBuilder();
  private address: string | undefined;
  private status: Attributes = {};
  private mac: Attributes | undefined;
  private names: string[] = [];
  private port: PortDraft | undefined;
  private extra: Attributes | undefined;
  private extraReasons = 0;
  private pending: (() => void)[] = [];
  private inCpe = false;
  private inHost = false;
  where = '';

  open(name: string, at: Attributes): void {
    switch (name) {
      case 'nmaprun':
        return this.openRun(at);
      case 'scaninfo':
        this.builder.asked.push({
          transport: (at.protocol ?? 'tcp') as Transport,
          ports: at.services ?? '',
          ...(at.type === undefined ? {} : { method: at.type }),
        });
        return;
      case 'host':
        this.inHost = true;
        this.address = undefined;
        this.status = {};
        this.mac = undefined;
        this.names = [];
        this.pending = [];
        return;
      case 'finished':
        this.builder.endMs = secondsToMs(at.time);
        return;
      case 'hosts':
        if (at.down !== undefined) this.builder.hostsDown = Number(at.down) || 0;
        return;
      default:
        if (this.inHost) this.openInHost(name, at);
    }
  }

  private openRun(at: Attributes): void {
    this.builder.scanner = at.scanner ?? 'nmap';
    this.builder.version = at.version;
    this.builder.command = at.args;
    this.builder.startMs = secondsToMs(at.start);
    // Smap gives itself out as an Nmap that does not exist; it asked nobody.
    this.builder.passive = at.scanner === 'nmap' && at.version === '9.99';
  }

  private openInHost(name: string, at: Attributes): void {
    switch (name) {
      case 'status':
        this.status = at;
        return;
      case 'address':
        if (at.addrtype === 'mac') this.mac = at;
        else this.address ??= at.addr;
        return;
      case 'hostname':
        if (at.name !== undefined && !this.names.includes(at.name)) this.names.push(at.name);
        return;
      case 'extraports':
        this.extra = at;
        this.extraReasons = 0;
        return;
      case 'extrareasons':
        this.group(at, at.reason ?? 'not-said', at.count, at.ports);
        this.extraReasons++;
        return;
      case 'port':
        this.port = { words: at, state: {}, service: undefined, cpe: [] };
        return;
      case 'state':
        if (this.port !== undefined) this.port.state = at;
        return;
      case 'service':
        if (this.port !== undefined) this.port.service = at;
        return;
      case 'cpe':
        this.inCpe = true;
    }
  }

  private group(at: Attributes, reason: string, count: string | undefined, ports = ''): void {
    const state = this.extra?.state as PortStateName;
    const number = Number(count) || 0;
    const only = this.builder.asked.length === 1 ? this.builder.asked[0]?.transport : undefined;
    const transport = (at.proto ?? only ?? 'tcp') as Transport;
    const { where } = this;
    this.pending.push(() => {
      const host = this.builder.host(this.address!, where);
      host?.groups.push({ transport, state, reason, count: number, ports });
    });
  }

  text(text: string): void {
    if (this.inCpe) this.port?.cpe.push(text);
  }

  close(name: string): void {
    switch (name) {
      case 'cpe':
        this.inCpe = false;
        return;
      case 'extraports':
        // Old files give no reasons.
        if (this.extraReasons === 0 && this.extra !== undefined) {
          this.group({}, 'not-said', this.extra.count);
        }
        this.extra = undefined;
        return;
      case 'port':
        this.closePort();
        return;
      case 'host':
        this.closeHost();
    }
  }

  private closePort(): void {
    const { port, where } = this;
    this.port = undefined;
    if (port === undefined) return;
    const { words, state, service, cpe } = port;
    const ttl = Number(state.reason_ttl);
    const told = {
      transport: words.protocol ?? '',
      port: /^\d{1,5}$/.test(words.portid ?? '') ? Number(words.portid) : -1,
      // masscan's banner records have no state: what speaks is open.
      state: state.state ?? (service === undefined ? '' : 'open'),
      ...(state.reason === undefined ? {} : { reason: state.reason }),
      ...(state.reason_ip === undefined ? {} : { reasonFrom: state.reason_ip }),
      ...(ttl > 0 && ttl < 256 ? { ttl } : {}),
      ...(service === undefined ? {} : serviceOf(service, cpe)),
    };
    this.pending.push(() => this.builder.port(this.address!, told, where));
  }

  private closeHost(): void {
    this.inHost = false;
    if (this.address === undefined) {
      this.builder.fault(this.where, 'a host without an address');
      return;
    }
    const host = this.builder.host(this.address, this.where);
    if (host === undefined) return;
    const { state, reason } = this.status;
    if (state === 'up' || state === 'down') host.status = state;
    if (reason !== undefined) host.statusReason = reason;
    for (const name of this.names) if (!host.names.includes(name)) host.names.push(name);
    if (this.mac?.addr !== undefined) host.mac = this.mac.addr.toLowerCase();
    if (this.mac?.vendor !== undefined) host.vendor = this.mac.vendor;
    for (const each of this.pending) each();
    this.pending = [];
  }

  /** The input ended inside a host: what was complete of it is kept. */
  finish(): void {
    if (this.port?.state.state !== undefined) this.closePort();
    if (this.inHost && this.address !== undefined) this.closeHost();
  }
}

function serviceOf(at: Attributes, cpe: readonly string[]): { service?: ServiceId } {
  const { name, product, version, extrainfo, banner, tunnel, method, conf } = at;
  if (name === undefined && banner === undefined) return {};
  const extra = extrainfo ?? banner;
  const probed = method === 'probed' || banner !== undefined;
  const confidence = /^\d{1,2}$/.test(conf ?? '') ? Math.min(10, Number(conf)) : probed ? 8 : 3;
  return {
    service: {
      name: name ?? 'unknown',
      ...(product === undefined ? {} : { product }),
      ...(version === undefined ? {} : { version }),
      ...(extra === undefined ? {} : { extra }),
      ...(tunnel === undefined ? {} : { tunnel }),
      method: probed ? 'probed' : 'table',
      confidence,
      ...(cpe.length === 0 ? {} : { cpe }),
    },
  };
}

/** Reads a whole document. Never throws: faults say what could not be read. */
export function readNmapXml(text: string): ImportedScan {
  const reader = new NmapReader();
  const parser = new SaxesParser({ position: true });
  parser.on('opentag', (tag) => {
    reader.where = `line ${parser.line}`;
    reader.open(tag.name, tag.attributes as Attributes);
  });
  parser.on('text', (words) => reader.text(words));
  parser.on('closetag', (tag) => reader.close(tag.name));
  let ended = false;
  parser.on('error', (error) => {
    const [, why = error.message] = /^\d+:\d+: (.*)$/s.exec(error.message) ?? [];
    if (UNEXPECTED_END.test(why)) {
      if (!ended) reader.builder.fault(`line ${parser.line}`, 'the file ends before the scan does');
      ended = true;
    } else reader.builder.fault(`line ${parser.line}`, why);
  });
  try {
    parser.write(text).close();
  } catch (error) {
    reader.builder.fault(`line ${parser.line}`, (error as Error).message);
  }
  reader.finish();
  const { scanner } = reader.builder;
  return reader.builder.build(scanner === 'masscan' ? 'masscan-xml' : 'nmap-xml');
}
