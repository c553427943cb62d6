// The public door: what a probe, check, section, metric and reporter is. Published as `outrider/contract`.
export type { Answer, Confidence, Finding, Phrase, Pointer, Question, Severity, Step } from '../model/finding.ts';
export { pointer } from '../model/finding.ts';
export type { Journey, Observation, Verdict } from '../model/journey.ts';
export type { Json } from '../model/json.ts';
export type { Hop, LatencySummary } from '../model/latency.ts';
export type { Attempt, Problem, ProblemCode } from '../model/problem.ts';
export { problem } from '../model/problem.ts';
export type { Endpoint, Target } from '../model/target.ts';
export type { DnsName, EndpointId, IpAddress, WireText } from '../model/text.ts';
export { visible, wireText } from '../model/text.ts';
export type { Lookup, RequestTrace, Ride, Span } from '../model/trace.ts';
export type { AskedRequest, Call, CallRecord, CallRequest, KeptConnection } from './call.ts';
export type { AnyCheck, Check, Given, Judged, Seen } from './check.ts';
export { foundOrPass } from './check.ts';
export type { Conversation, ConversationOffer, Converse, HeardAnswer, Message } from './conversation.ts';
export type { Handshake, HandshakeOffer, HandshakeReply, TlsSession, TlsVersion } from './handshake.ts';
export type { Hello, HelloChoice, HelloOffer, HelloReply, HelloVersion } from './hello.ts';
export type {
  DnsClient,
  DnsQuestion,
  DnsRecord,
  DnsReply,
  DnsServer,
  HttpsDnsServer,
  Net,
  PlainDnsServer,
  RecordType,
  TlsDnsServer,
} from './net.ts';
export type { Trace, Traced, TraceOptions, TraceOutcome, TraceReply } from './path.ts';
export type { AnyProbe, Gather, GatherContext, Judgement, MetricSample, Probe, Reply, Schema } from './probe.ts';
export type { Reporter, View } from './reporter.ts';
export type { Block, Cell, Section } from './section.ts';
