// Owns what the replies to the trials amount to: for each row whether the server does what the RFC says, and what it does else. Pure.
import { problemCatalogue } from '../../../src/model/problem.ts';
import { isOurs } from '../derive.ts';
import type { ConformanceEvidence, TrialEvidence, TrialName, TrialReplyEvidence } from '../evidence-conformance.ts';
import { ladderRow } from './ladder.ts';
import { breaks, fact, ok, type Row, type RowName, rowNames } from './row.ts';

const UNKNOWN_OPTION = 100;
const UNKNOWN_FLAG = 0x40;
const COOKIE = 10;
/** A client's cookie and the shortest of a server's: RFC 7873 4. */
const WHOLE_COOKIE_BYTES = 16;

/** Of what was asked; rows whose question could not be put from here are left out. */
export function rowsOf(conformance: ConformanceEvidence): readonly Row[] {
  const asked = conformance.trials.filter(({ reply, error }) => reply !== null || !isOurs(error));
  const speaksEdns = asked.some(({ trial, reply }) => carriesEdns(trial) && reply !== null && reply.edns !== null);
  const answered = asked.some(({ trial, reply }) => carriesEdns(trial) && reply !== null);
  // RFC 8906 8.3: a server without EDNS may answer FORMERR or NOTIMP, or pass over the OPT record.
  const judged = asked.filter(({ trial }) => speaksEdns || !answered || !carriesEdns(trial));
  const rows = judged.flatMap((one) => trialRow(one) ?? []);
  return [
    ...rows.slice(0, 1),
    ...(answered ? [speaksEdns ? ok('edns') : breaks('edns', 'it speaks no EDNS')] : []),
    ...rows.slice(1),
    ...lettersRow(asked),
    ...trailingRow(asked),
    ...(conformance.ladder === undefined ? [] : ladderRow(conformance.ladder)),
    ...pipelineRow(conformance.pipeline),
  ].toSorted((a, b) => rowNames.indexOf(a.row) - rowNames.indexOf(b.row));
}

function carriesEdns(trial: TrialName): boolean {
  return trial === 'cookie' || trial === 'bad-cookie' || trial === 'any' || trial.startsWith('edns-');
}

function trialRow({ trial, reply, error }: TrialEvidence): Row | null {
  if (reply === null) return error === null ? null : breaks(trial, silence(error), true);
  switch (trial) {
    case 'plain':
      return verdict(
        trial,
        [...soaFaults(reply), reply.edns === null ? null : 'it sends EDNS unasked'],
        stopped(reply),
      );
    case 'edns-version':
      return verdict(trial, versionFaults(reply), false);
    case 'edns-option':
      return verdict(trial, [...soaFaults(reply), dropsEdns(reply), sendsOption(reply)], stopped(reply));
    case 'edns-flag':
      return verdict(trial, [...soaFaults(reply), dropsEdns(reply), sendsFlag(reply)], stopped(reply));
    case 'unknown-type':
      return verdict(trial, typeFaults(reply), false);
    case 'opcode':
      return verdict(trial, [reply.rcode === 'NOTIMP' ? null : `it answers ${reply.rcode}, not NOTIMP`], false);
    case 'reserved-bit':
      return verdict(trial, [...soaFaults(reply), reply.reservedBit ? 'it sends the bit back' : null], false);
    case 'any':
      return fact(trial, anyWords(reply));
    case 'cookie':
      return cookieRow(reply);
    case 'bad-cookie':
      return fact(trial, reply.rcode === 'NOERROR' ? 'passed over' : reply.rcode);
  }
}

function silence(error: NonNullable<TrialEvidence['error']>): string {
  return error === 'dns-timeout' ? 'it gives no answer' : problemCatalogue[error].says;
}

/** Resolvers take FORMERR for a sign to ask without EDNS; other codes they take for a server that is out of order. */
function stopped({ rcode }: TrialReplyEvidence): boolean {
  return rcode !== 'NOERROR' && rcode !== 'FORMERR';
}

function verdict(row: RowName, faults: readonly (string | null)[], stops: boolean): Row {
  const first = faults.find((one) => one !== null);
  return first === undefined || first === null ? ok(row) : breaks(row, first, stops);
}

function soaFaults({ rcode, answerTypes, authoritative }: TrialReplyEvidence): readonly (string | null)[] {
  return [
    rcode === 'NOERROR' ? null : `it answers ${rcode}`,
    answerTypes.includes('SOA') ? null : 'it answers without the record',
    authoritative ? null : 'it answers without authority',
  ];
}

function versionFaults({ rcode, answerTypes, edns }: TrialReplyEvidence): readonly (string | null)[] {
  return [
    rcode === 'BADVERS' ? null : `it answers ${rcode}, not BADVERS`,
    edns === null || edns.version === 0 ? null : `it says that it speaks version ${edns.version}`,
    answerTypes.length === 0 ? null : 'it gives the record all the same',
  ];
}

function typeFaults({ rcode, answerTypes, authoritative }: TrialReplyEvidence): readonly (string | null)[] {
  return [
    rcode === 'NOERROR' ? null : `it answers ${rcode}, not an empty NOERROR`,
    answerTypes.length === 0 ? null : 'it gives records of another type',
    authoritative ? null : 'it answers without authority',
  ];
}

function dropsEdns({ edns }: TrialReplyEvidence): string | null {
  return edns === null ? 'it answers without EDNS' : null;
}

function sendsOption({ edns }: TrialReplyEvidence): string | null {
  return edns?.options.some(({ code }) => code === UNKNOWN_OPTION) === true ? 'it sends the option back' : null;
}

function sendsFlag({ edns }: TrialReplyEvidence): string | null {
  return ((edns?.flags ?? 0) & UNKNOWN_FLAG) === 0 ? null : 'it sends the flag back';
}

/** BADCOOKIE tells the asker to come back with the cookie that it brings: RFC 7873 5.2.3. */
function cookieRow(reply: TrialReplyEvidence): Row {
  const first = reply.rcode === 'BADCOOKIE' ? undefined : soaFaults(reply).find((one) => one !== null);
  if (first !== undefined && first !== null) return breaks('cookie', first, stopped(reply));
  const returned = reply.edns?.options.find(({ code }) => code === COOKIE);
  if (returned === undefined) return fact('cookie', 'none');
  return fact('cookie', returned.bytes < WHOLE_COOKIE_BYTES ? 'its own half is missing' : 'returned');
}

/** RFC 8482: one record set, or HINFO, is enough. */
function anyWords({ rcode, answerTypes, truncated }: TrialReplyEvidence): string {
  if (rcode !== 'NOERROR') return rcode;
  if (truncated) return 'over TCP only';
  const types = new Set(answerTypes.filter((type) => type !== 'RRSIG'));
  return types.size > 1 ? `all: ${types.size} types` : 'minimal';
}

/** Resolvers that mix the case (0x20) throw such a reply away. */
function lettersRow(asked: readonly TrialEvidence[]): readonly Row[] {
  const reply = asked.find(({ trial }) => trial === 'cookie')?.reply ?? null;
  if (reply === null || reply.question === 'none') return [];
  if (reply.question === 'other-case') return [breaks('letters', 'it changes the letters of the question', true)];
  return [ok('letters', reply.ownerAsAsked === false ? 'ok, answers in its own' : 'ok')];
}

function trailingRow(asked: readonly TrialEvidence[]): readonly Row[] {
  const replies = asked.flatMap(({ reply }) => reply ?? []);
  if (replies.length === 0) return [];
  const most = Math.max(...replies.map(({ trailingBytes }) => trailingBytes));
  return [most === 0 ? ok('trailing') : breaks('trailing', `${most} bytes stand behind its messages`)];
}

function pipelineRow(pipeline: ConformanceEvidence['pipeline']): readonly Row[] {
  // That it does not answer over TCP at all is another finding.
  if (pipeline === undefined || pipeline.error !== null) return [];
  if (pipeline.answered === 2) return [ok('pipeline')];
  const how = pipeline.closedEarly ? 'it closes the connection' : 'it falls silent';
  return [breaks('pipeline', `${how} after ${pipeline.answered === 1 ? 'the first answer' : 'no answer'}`)];
}
