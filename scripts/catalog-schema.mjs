/**
 * Reads the catalogue's text files (`src/catalog/entries`, `roles`, `sources.yaml`) and checks them
 * against the schema of docs/catalogue.md. Every fault is located: `mail.yaml:12:9: what is wrong`.
 * All faults of a file are told at once; nothing is guessed or filled in.
 */
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';

const RISKS = ['none', 'low', 'medium', 'high', 'critical'];
const PLACES = ['perimeter', 'inside', 'host', 'nowhere'];
const ANSWERS = ['yes', 'partly', 'no'];
const TRANSPORTS = ['tcp', 'udp', 'sctp'];
const ENTRY_FIELDS = [
  'id',
  'name',
  'ports',
  'aliases',
  'what',
  'windows',
  'linux',
  'risk',
  'belongs',
  'closable',
  'breaks',
  'companions',
  'firewall',
  'sources',
];
const ROLE_FIELDS = [
  'id',
  'name',
  'aliases',
  'what',
  'core',
  'distinctive',
  'absent',
  'companions',
  'dynamic',
  'in',
  'out',
  'peer',
  'depends',
  'sources',
];
const ID = /^[a-z0-9]+(-[a-z0-9]+)*$/;
/** Name of a Windows service or systemd unit, or several joined by ` + `. */
const SERVICE = /^[A-Za-z0-9_$.*-]+( (\+ )?[A-Za-z0-9_$.*-]+)*$/;
const UNIT = /^[A-Za-z0-9@_-][A-Za-z0-9@_.-]*(@\*)?\.(service|socket|target|timer|path)$/;
/** A rule that begins like this is the end of the one before it, which had a comma. */
const TORN = /^\d+$|^(and|as|but|either|for|in|often|on|or|since|unless|where|with) /;

/** Collects faults with their places in one file. */
class Reader {
  constructor(file, text) {
    this.file = file;
    this.faults = [];
    /** Steps that stop whole services or units, for `tellWhatElseEnds`. */
    this.stops = [];
    this.lines = new LineCounter();
    this.document = parseDocument(text, { lineCounter: this.lines });
    for (const error of this.document.errors) {
      this.say(error.pos[0], error.message.split('\n')[0]);
    }
  }

  say(offset, what) {
    const { line, col } = this.lines.linePos(offset ?? 0);
    this.faults.push(`${this.file}:${line}:${col}: ${what}`);
  }

  at(node, what) {
    this.say(node?.range?.[0] ?? 0, what);
  }

  /** The items of the top-level list that are maps. */
  items() {
    if (this.document.errors.length > 0) return [];
    const root = this.document.contents;
    if (!isSeq(root)) {
      this.at(root, 'the file is no list of entries');
      return [];
    }
    return root.items.filter((item) => {
      if (isMap(item)) return true;
      this.at(item, 'an entry is a map of fields');
      return false;
    });
  }

  /** Nodes by field; says which fields are missing, unknown or twice. */
  fields(map, required, optional = []) {
    const nodes = {};
    for (const { key, value } of map.items) {
      const name = String(key?.value);
      if (!required.includes(name) && !optional.includes(name)) {
        this.at(key, `there is no field "${name}"`);
      }
      nodes[name] = value;
    }
    for (const name of required) {
      if (nodes[name] === undefined || nodes[name] === null) {
        this.at(map, `the field "${name}" is missing; say "none" and why if it does not apply`);
      }
    }
    return nodes;
  }

  /** One line of text; empty and untidy ones are faults. */
  text(node, field) {
    if (node === undefined || node === null) return '';
    const text = isScalar(node) ? String(node.value ?? '').trim() : '';
    if (text === '') this.at(node, `${field}: text is needed`);
    else if (/\s\s|[^\x20-\x7e“”’–…]/.test(text)) {
      this.at(node, `${field}: one line, single blanks, plain characters`);
    }
    return text;
  }

  /** A list of texts; one text alone is a list of one unless it says none. */
  texts(node, field) {
    if (node === undefined || node === null) return [];
    if (!isSeq(node)) {
      const text = this.text(node, field);
      if (/^none, ./.test(text)) return { none: text.slice(6) };
      return text === '' ? [] : [text];
    }
    if (node.items.length === 0) this.at(node, `${field}: an empty list; say "none, why"`);
    return node.items.map((item) => this.text(item, field));
  }

  /** `high, because …` as a word of the list and the rest. */
  choice(node, field, words, reason) {
    const text = this.text(node, field);
    const [, word = '', rest = ''] = /^([a-z]+)(?:, (.+))?$/.exec(text) ?? [];
    if (!words.includes(word)) this.at(node, `${field}: begins with one of ${words.join(', ')}`);
    else if (reason && rest.length < 12) this.at(node, `${field}: "${word}, why" is needed`);
    return [word, rest];
  }
}

/** `53/tcp+udp` as ranges, one a transport; undefined when it is none. */
function parsePort(text) {
  const [, from, to = from, names] =
    /^(\d{1,5})(?:-(\d{1,5}))?\/([a-z]+(?:\+[a-z]+)*)$/.exec(text) ?? [];
  if (from === undefined) return undefined;
  const first = Number(from);
  const last = Number(to);
  const transports = names.split('+');
  if (last > 65535 || last < first || (to !== from && last === first)) return undefined;
  if (!transports.every((each) => TRANSPORTS.includes(each))) return undefined;
  return transports.map((transport) => ({ transport, first, last }));
}

/** Words of port specifications, at least one: `137/udp 139/tcp`. */
function ports(reader, node, field) {
  const found = [];
  for (const word of reader.text(node, field).split(' ')) {
    const parsed = parsePort(word);
    if (parsed === undefined) reader.at(node, `${field}: "${word}" is no port like 53/tcp+udp`);
    else found.push(...parsed);
  }
  return found;
}

/** `88/tcp+udp Kerberos`: a port and what it is there for. */
function companions(reader, node) {
  const list = reader.texts(node, 'companions');
  if (!Array.isArray(list)) return list;
  return list.map((text, index) => {
    const [word = '', ...rest] = text.split(' ');
    const parsed = parsePort(word);
    if (parsed === undefined || rest.length === 0) {
      const item = isSeq(node) ? node.items[index] : node;
      reader.at(item, 'companions: begins with a port like 88/tcp+udp, then says what for');
    }
    return { ports: parsed ?? [], what: rest.join(' ') };
  });
}

/** The commands that stop services for good, then the steps written out. */
function platform(reader, node, name, entry) {
  if (node === undefined || node === null) return { none: '' };
  if (!isMap(node)) {
    const text = reader.text(node, name);
    const none = /^none, (.+)$/.exec(text)?.[1];
    if (none === undefined) reader.at(node, `${name}: "none, why" or process, services and close`);
    return { none: none ?? '' };
  }
  const kind = name === 'windows' ? 'service' : 'unit';
  const nodes = reader.fields(node, ['process'], [kind, 'close']);
  const close = [];
  let stops = [];
  if (nodes[kind] !== undefined) {
    stops = serviceNames(nodes[kind]);
    // Where the port cannot be closed alone, nobody should take this for a small step.
    if (entry.closable === 'no') close.push({ say: 'only together with everything it does:' });
    reader.stops.push({ ...entry, kind, names: stops, close });
    close.push(...stopCommands(reader, nodes[kind], kind));
  }
  if (nodes.close !== undefined) {
    const steps = closeSteps(reader, nodes.close, name);
    stops = stops.concat(steps.flatMap(unitsStopped));
    close.push(...steps);
  }
  if (close.length === 0) reader.at(node, `${name}: say how to close it (${kind} or close)`);
  return {
    process: reader.text(nodes.process, `${name} process`),
    stops: [...new Set(stops)],
    close,
  };
}

/** Single names in `service` or `unit`: each of a list, and each of those joined by ` + `. */
function serviceNames(node) {
  const texts = isSeq(node) ? node.items.map((item) => item.value) : [node.value];
  return texts.flatMap((text) => String(text).split(' + '));
}

/** Units that a step written out stops for good; a restart stops nothing. */
function unitsStopped({ run = '' }) {
  const names =
    /^systemctl (?:.+; systemctl )?(?:disable|mask) (?:--now )?(.+)$/.exec(run)?.[1] ?? '';
  return names.split(' ').filter((name) => UNIT.test(name));
}

function stopCommands(reader, node, kind) {
  const list = reader.texts(node, kind);
  if (!Array.isArray(list)) {
    reader.at(node, `${kind}: leave it out rather than say none`);
    return [];
  }
  const good = kind === 'service' ? SERVICE : undefined;
  const steps = list.length > 1 ? [{ say: `whichever is there of ${list.join(', ')}:` }] : [];
  for (const text of list) {
    const names = text.split(' + ');
    if (good ? !good.test(text) : !names.every((each) => UNIT.test(each))) {
      reader.at(node, `${kind}: "${text}" is no name of a ${kind}`);
    }
    if (kind === 'unit') {
      const quoted = names.map((each) => (each.includes('*') ? `'${each}'` : each));
      // Only `stop` takes patterns; that a template is disabled disables all that is made of it.
      const plain = names.map((each) => each.replace('@*', '@')).join(' ');
      // Not `disable --now`: of an init script that is no unit it stops nothing.
      steps.push({ run: `systemctl stop ${quoted.join(' ')}; systemctl disable ${plain}` });
    } else {
      const quoted = names.map((each) => (/[$* ]/.test(each) ? `'${each}'` : each)).join(', ');
      steps.push({
        run: `Get-Service ${quoted} | Stop-Service -Force -PassThru | Set-Service -StartupType Disabled`,
      });
    }
  }
  return steps;
}

/** Lines: `$ ` begins a command, anything else is said. */
function closeSteps(reader, node, name) {
  const lines = isScalar(node)
    ? String(node.value ?? '')
        .trim()
        .split('\n')
    : [];
  if (lines.length === 0 || lines[0] === '') reader.at(node, `${name} close: text is needed`);
  return lines.map((line) => {
    if (/[^\x20-\x7e“”’–…]/.test(line)) reader.at(node, `${name} close: plain characters only`);
    if (!line.startsWith('$ ')) return { say: line.trim() };
    const run = line.slice(2).trim();
    const wrong = faultOf(run, name);
    if (wrong !== undefined) reader.at(node, `${name} close: "${run}" ${wrong}`);
    return { run };
  });
}

const POWERSHELL =
  /^(Get|Set|Stop|Disable|Enable|Remove|Uninstall|New|Unregister|Restart|Invoke|Revoke|Restore)-[A-Z][A-Za-z0-9]+( |$)/;
const WINDOWS_PROGRAMS =
  /^(netsh|sc\.exe|dsmgmt|w32tm|winrm|wmic|dism|reg|net|netdom|dnscmd|manage-bde|vmms|wbadmin|certutil|setx|tasklist|taskkill|ssh|sqlcmd|redis-cli|docker|wsl|appcmd|fsutil|cmd) /;
const LINUX_PROGRAMS =
  /^(systemctl|sed|ss|rm|apt-get|dnf|postconf|sysctl|rabbitmqctl|rabbitmq-plugins|snap|ufw|nft|kubeadm|docker|podman|redis-cli|modprobe|rmmod|smbcontrol|exportfs|ip|wg-quick|asterisk|esxcli|vim-cmd|virsh|microk8s|lxc|cupsctl|timedatectl|resolvectl|doveconf|nginx|a2dismod|a2dissite|adb|tailscale|mysql|psql|gsettings|pkill|cephadm|ceph|gluster|crontab|chmod|zerotier-cli|firewall-cmd|x11vnc|vncserver|grep|echo|mongosh|multipass|killall|vtysh|birdc|nmcli|steam|syncthing|plocate|consul|nomad|vault|ovs-vsctl) ?/;

function faultOf(run, name) {
  if (name === 'windows') {
    if (POWERSHELL.test(run) || WINDOWS_PROGRAMS.test(run)) return undefined;
    return 'begins with no PowerShell verb and no known program';
  }
  return LINUX_PROGRAMS.test(run) ? undefined : 'begins with no known program';
}

/** `RFC 1002`, `IEEE 1588`, or a key of sources.yaml. */
function sources(reader, node, known) {
  const list = reader.texts(node, 'sources');
  if (!Array.isArray(list)) {
    reader.at(node, 'sources: at least one is needed');
    return [];
  }
  return list.map((name) => {
    const rfc = /^RFC (\d{1,4})$/.exec(name)?.[1];
    if (rfc !== undefined) return { title: name, url: `https://www.rfc-editor.org/rfc/rfc${rfc}` };
    const source = known.get(name);
    if (source === undefined)
      reader.at(node, `sources: "${name}" is no RFC and not in sources.yaml`);
    return source ?? { title: name };
  });
}

/** The documents that entries cite, by key. */
export function readSources(text, file = 'sources.yaml') {
  const reader = new Reader(file, text);
  const found = new Map();
  const root = reader.document.contents;
  if (!isMap(root)) reader.at(root, 'the file is no map of keys');
  else {
    for (const { key, value } of root.items) {
      const line = reader.text(value, String(key.value));
      const [, title, url] = /^(.+?)(?: (https:\/\/\S+))?$/.exec(line) ?? [];
      if (!ID.test(String(key.value))) reader.at(key, `"${key.value}" is no key`);
      found.set(String(key.value), url === undefined ? { title } : { title, url });
    }
  }
  return { sources: found, faults: reader.faults };
}

/** Entries of one file. `known` are the sources; `group` is the file's subject. */
export function readEntries(text, file, known) {
  const reader = new Reader(file, text);
  const group = file.replace(/^.*\//, '').replace(/\.yaml$/, '');
  const entries = reader.items().map((map) => {
    const node = reader.fields(map, ENTRY_FIELDS, ['rank']);
    const [risk, because] = reader.choice(node.risk, 'risk', RISKS, true);
    const [place, placeNote] = reader.choice(node.belongs, 'belongs', PLACES, false);
    const [closable, closableNote] = reader.choice(node.closable, 'closable', ANSWERS, false);
    if (closable !== 'yes' && closableNote === '')
      reader.at(node.closable, 'closable: say why not');
    const rank = node.rank === undefined ? 5 : Number(node.rank.value);
    if (!Number.isInteger(rank) || rank < 1 || rank > 9) reader.at(node.rank, 'rank: 1 to 9');
    const id = reader.text(node.id, 'id');
    if (!ID.test(id)) reader.at(node.id, `id: "${id}" is not lower case with hyphens`);
    const name = reader.text(node.name, 'name');
    const about = { id, title: `${name} (${node.ports?.value})`, closable };
    return {
      id,
      name,
      group,
      rank,
      ports: node.ports ? ports(reader, node.ports, 'ports') : [],
      aliases: aliases(reader, node.aliases),
      what: reader.text(node.what, 'what'),
      windows: platform(reader, node.windows, 'windows', about),
      linux: platform(reader, node.linux, 'linux', about),
      risk: { level: risk, because },
      belongs: { place, note: placeNote },
      closable: { answer: closable, note: closableNote },
      breaks: reader.text(node.breaks, 'breaks'),
      companions: companions(reader, node.companions),
      firewall: reader.text(node.firewall, 'firewall'),
      sources: sources(reader, node.sources, known),
      place: `${file}:${reader.lines.linePos(map.range[0]).line}`,
    };
  });
  return { entries, faults: reader.faults, stops: reader.stops };
}

/**
 * Where a service or unit that an entry stops holds the ports of other entries as well, puts a step
 * before the commands that names those. `stops` are those of all files; their entries are changed.
 */
export function tellWhatElseEnds(stops) {
  const holders = new Map();
  for (const stop of stops) {
    for (const name of stop.names) {
      const key = `${stop.kind} ${name}`;
      holders.set(key, [...(holders.get(key) ?? []), stop]);
    }
  }
  for (const { id, closable, kind, names, close } of stops) {
    if (closable === 'no') continue;
    const others = names.flatMap((name) => holders.get(`${kind} ${name}`));
    const titles = others.filter((other) => other.id !== id).map(({ title }) => title);
    if (titles.length === 0) continue;
    close.unshift({ say: `among what may end with it: ${[...new Set(titles)].join(', ')}` });
  }
}

function aliases(reader, node) {
  const list = reader.texts(node, 'aliases');
  if (!Array.isArray(list)) return [];
  for (const alias of list) {
    if (!/^[a-z0-9][a-z0-9+./-]*$/.test(alias)) {
      reader.at(node, `aliases: "${alias}" is not one word in lower case`);
    }
  }
  return list;
}

/** Roles of one file. */
export function readRoles(text, file, known) {
  const reader = new Reader(file, text);
  const roles = reader.items().map((map) => {
    const node = reader.fields(map, ROLE_FIELDS);
    const id = reader.text(node.id, 'id');
    if (!ID.test(id)) reader.at(node.id, `id: "${id}" is not lower case with hyphens`);
    return {
      id,
      name: reader.text(node.name, 'name'),
      aliases: aliases(reader, node.aliases),
      what: reader.text(node.what, 'what'),
      core: signature(reader, node.core, 'core'),
      distinctive: signature(reader, node.distinctive, 'distinctive'),
      absent: signature(reader, node.absent, 'absent'),
      companions: companions(reader, node.companions),
      dynamic: reader.text(node.dynamic, 'dynamic'),
      in: rules(reader, node.in, 'in'),
      out: rules(reader, node.out, 'out'),
      peer: rules(reader, node.peer, 'peer'),
      depends: reader.texts(node.depends, 'depends'),
      sources: sources(reader, node.sources, known),
      place: `${file}:${reader.lines.linePos(map.range[0]).line}`,
    };
  });
  return { roles, faults: reader.faults };
}

/** Rules in words; a comma inside one needs quotes, or YAML makes two of it. */
function rules(reader, node, field) {
  const list = reader.texts(node, field);
  if (!Array.isArray(list)) return list;
  list.forEach((text, index) => {
    if (!TORN.test(text)) return;
    reader.at(isSeq(node) ? node.items[index] : node, `${field}: "${text}" is no rule by itself`);
  });
  return list;
}

/** `[88/tcp, 80/tcp or 443/tcp]`: each item is a list of alternatives. */
function signature(reader, node, field) {
  const list = reader.texts(node, field);
  if (!Array.isArray(list)) return list;
  return list.map((text) =>
    text.split(' or ').flatMap((word) => {
      const parsed = parsePort(word);
      if (parsed === undefined) reader.at(node, `${field}: "${word}" is no port like 53/tcp+udp`);
      return parsed ?? [];
    }),
  );
}

/** What holds between all entries and roles: names are unique, roles depend on roles. */
export function crossCheck(entries, roles) {
  const faults = [];
  for (const list of [entries, roles]) {
    const seen = new Map();
    for (const { id, aliases: others, place } of list) {
      for (const name of [id, ...others]) {
        const before = seen.get(name);
        if (before !== undefined) faults.push(`${place}: "${name}" is taken by ${before}`);
        else seen.set(name, place);
      }
    }
  }
  const ids = new Set(roles.map(({ id }) => id));
  for (const { depends, place } of roles) {
    if (!Array.isArray(depends)) continue;
    for (const text of depends) {
      const id = text.split(' ')[0];
      if (!ids.has(id)) faults.push(`${place}: depends on "${id}", which is no role`);
    }
  }
  return faults;
}
