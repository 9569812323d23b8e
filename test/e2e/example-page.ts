/**
 * The text of docs/example.md around the real answer for the evening office: a test writes the page
 * anew, so that it never shows what the program does not say.
 */

/** The page for an answer of 80 columns, ports by packets. */
export function examplePage(answer: string): string {
  const ports = part(answer, 'PORTS\n', 'WHAT THE PORTS ARE FOR');
  const explained = part(answer, 'WHAT THE PORTS ARE FOR', 'SERVICES THAT ANSWERED');
  const talks = part(answer, 'TOP CONVERSATIONS', 'TOP HOSTS').split('\n').slice(0, 5).join('\n');
  return `# A first assessment

\`examples/evening-office.pcapng\` is a quarter of an hour of a small Windows domain in the evening,
captured at a mirror port while nobody works. It re-creates, with our own packets, the first
assessment of “Network Port Fundamentals, Part 2” (2005), whose author went through the same with a
list of ports, a sniffer and a reference table. \`examples/evening-office.ts\` makes it.

${block('portreeve assess examples/evening-office.pcapng --sort packets')}

Below is the answer on a terminal of 80 columns, in parts.
\`test/e2e/evening-office.test.ts\` holds that it says everything the author worked out by hand, and
keeps this page as the program answers.

## What deserves a look

${block(answer.slice(0, answer.indexOf('PORTS\n')))}

A dozen ports have one packet each, all of the same length: one application seems to hop. The
author had to say “we need more data to be sure” and start another capture; here the frames and the
command that shows them stand beside the suspicion. Nobody else is accused.

## Which ports

${block(ports)}

\`1027?\` means that nobody can say who serves: both ports are of the same class, and nothing
answered. \`group\` went to everybody on the segment. \`in→out\` is a client inside and a server
outside: who asks whom on port 80 was the question that the statistics of the article left open.

## What they are for

${block(['22/tcp', '138/udp', '80/tcp', '67/udp'].map((label) => entry(explained, label)).join('\n'))}

… and so on for the other ports. \`here\` is from the capture, the rest from the catalogue;
\`portreeve explain 138/udp\` says how to close the port on Windows and Linux.

## What the hosts are for

${block(part(answer, 'WHAT THE HOSTS ARE FOR', 'TOP CONVERSATIONS'))}

Roles are judged by answers: the domain controller of this evening shows as name, time and address
server, since nobody logged on.

## Who spoke with whom, and what they are called

${block(`${talks}\n…`)}

${block(part(answer, 'TOP HOSTS', 'NOT ON ANY PORT'))}

Names are what somebody on the wire said, by DNS, NetBIOS, DHCP or HTTP; none was looked up.

## Next

${block(`portreeve assess examples/evening-office.pcapng --host 10.0.2.22
portreeve assess examples/evening-office.pcapng --port 80 --conversations
portreeve assess examples/evening-office.pcapng --where 'proto:udp status:unknown' --over-time
portreeve assess examples/evening-office.pcapng --fail-on medium   # exit code 1`)}
`;
}

function block(text: string): string {
  return `\`\`\`\n${text.trimEnd()}\n\`\`\``;
}

function part(answer: string, from: string, to: string): string {
  const start = answer.indexOf(from);
  return answer.slice(start, answer.indexOf(to, start)).trimEnd();
}

/** One explained port, up to the next. */
function entry(explained: string, label: string): string {
  const lines = explained.split('\n');
  const start = lines.findIndex((line) => line.startsWith(label));
  const rest = lines.slice(start + 1).findIndex((line) => !line.startsWith(' '));
  return lines.slice(start, rest < 0 ? undefined : start + 1 + rest).join('\n');
}
