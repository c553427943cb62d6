// Owns the STARTTLS dialogues of the protocols that speak in lines: SMTP, LMTP, IMAP, POP3, FTP, NNTP, ManageSieve.
import { type Dialogue, readLine, unwilling } from './dialogue.ts';

/** Lines of one reply, or of a greeting: no honest server has more. */
const MAX_LINES = 200;

/** A reply with a three-digit code; lines with `-` behind the code go on (RFC 5321 4.2.1, RFC 959 4.2). */
async function codedReply(dialogue: Dialogue): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  while (lines.length < MAX_LINES) {
    const line = await readLine(dialogue);
    lines.push(line);
    const [, code, more] = /^(\d{3})([ -]|$)/.exec(line) ?? [];
    // RFC 959 lets lines between the first and the last look like anything.
    if (code === undefined && lines.length === 1) throw unwilling('starttls-malformed', line);
    if (code !== undefined && more !== '-' && line.startsWith(lines[0]?.slice(0, 3) ?? ''))
      return { code: Number(code), lines };
  }
  throw unwilling('starttls-malformed', lines[0] ?? '');
}

async function expectCode(dialogue: Dialogue, wanted: readonly number[]): Promise<readonly string[]> {
  const { code, lines } = await codedReply(dialogue);
  if (!wanted.includes(code)) throw unwilling('starttls-refused', lines.at(-1) ?? '');
  return lines;
}

/** RFC 3207; LMTP greets with LHLO (RFC 2033). `self` is an address literal (RFC 5321 4.1.3): this client has no mail domain. */
export async function smtp(dialogue: Dialogue, hello: 'EHLO' | 'LHLO', self: string): Promise<void> {
  await expectCode(dialogue, [220]);
  dialogue.write(`${hello} ${self}\r\n`);
  const offered = await expectCode(dialogue, [250]);
  if (!offered.some((line) => /^250[ -]STARTTLS\s*$/i.test(line)))
    throw unwilling('starttls-refused', 'STARTTLS is not offered');
  dialogue.write('STARTTLS\r\n');
  await expectCode(dialogue, [220]);
}

/** RFC 4217 4. */
export async function ftp(dialogue: Dialogue): Promise<void> {
  await expectCode(dialogue, [220]);
  dialogue.write('AUTH TLS\r\n');
  await expectCode(dialogue, [234]);
}

/** RFC 4642 2.2. */
export async function nntp(dialogue: Dialogue): Promise<void> {
  await expectCode(dialogue, [200, 201]);
  dialogue.write('STARTTLS\r\n');
  await expectCode(dialogue, [382]);
}

/** RFC 9051 6.2.1. */
export async function imap(dialogue: Dialogue): Promise<void> {
  const greeting = await readLine(dialogue);
  if (!/^\* (OK|PREAUTH)\b/i.test(greeting))
    throw unwilling(/^\* BYE\b/i.test(greeting) ? 'starttls-refused' : 'starttls-malformed', greeting);
  dialogue.write('a1 STARTTLS\r\n');
  for (let lines = 0; lines < MAX_LINES; lines++) {
    const line = await readLine(dialogue);
    if (/^a1 OK\b/i.test(line)) return;
    if (/^a1 /i.test(line)) throw unwilling('starttls-refused', line);
    // Untagged lines may come at any time.
    if (!line.startsWith('* ')) throw unwilling('starttls-malformed', line);
  }
  throw unwilling('starttls-malformed', greeting);
}

/** RFC 2595 4. */
export async function pop3(dialogue: Dialogue): Promise<void> {
  await plus(dialogue);
  dialogue.write('STLS\r\n');
  await plus(dialogue);
}

async function plus(dialogue: Dialogue): Promise<void> {
  const line = await readLine(dialogue);
  if (/^\+OK\b/i.test(line)) return;
  throw unwilling(line.startsWith('-ERR') ? 'starttls-refused' : 'starttls-malformed', line);
}

/** RFC 5804 2.2: the greeting is a list of capabilities that ends with OK. */
export async function sieve(dialogue: Dialogue): Promise<void> {
  await sieveOk(dialogue);
  dialogue.write('STARTTLS\r\n');
  await sieveOk(dialogue);
}

async function sieveOk(dialogue: Dialogue): Promise<void> {
  for (let lines = 0; lines < MAX_LINES; lines++) {
    const line = await readLine(dialogue);
    if (/^OK\b/i.test(line)) return;
    if (/^(NO|BYE)\b/i.test(line)) throw unwilling('starttls-refused', line);
    if (!line.startsWith('"')) throw unwilling('starttls-malformed', line);
  }
  throw unwilling('starttls-malformed', 'a greeting without end');
}
