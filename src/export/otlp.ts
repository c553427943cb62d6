// Owns handing spans to a receiver of OTLP over HTTP: batch by batch, tried again where the protocol allows it, and what was not taken told.
// Never throws for what the receiver does, and never shows a header that it was given.
import { visible } from '../model/text.ts';
import type { TraceSpan } from '../trace/span.ts';
import { type DeliverOptions, handOver, type Message } from './deliver.ts';
import { type OtlpRequest, otlpRequests, type Resource } from './otlp-json.ts';

export interface OtlpReceiver {
  /** Whole: of the traces. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly gzip: boolean;
}

export interface Exported {
  readonly traces: number;
  readonly spans: number;
  /** One line for each thing that did not come through. */
  readonly failures: readonly string[];
}

/** The only answers after which a client may try again (OTLP/HTTP, "Retryable response codes"). */
const AGAIN = [429, 502, 503, 504];
/** Half a million spans: more than any tracing system wants of one run. */
const MAX_BATCHES = 1000;

export async function exportSpans(
  spans: readonly TraceSpan[],
  resource: Resource,
  receiver: OtlpReceiver,
  options: DeliverOptions,
): Promise<Exported> {
  const failures: string[] = [];
  let sent = 0;
  let taken = 0;
  let batches = 0;
  for (const request of otlpRequests(spans, resource)) {
    if (batches++ === MAX_BATCHES) break;
    const { because, answer } = await handOver(messageOf(request, receiver), options);
    if (because !== null) {
      // What one batch could not, the next one would not either: a receiver that is down is not asked a thousand times.
      failures.push(because);
      break;
    }
    taken += request.spans;
    const partial = partialSuccess(answer);
    sent += request.spans - Math.min(request.spans, partial.rejected);
    if (partial.words !== null) failures.push(`${new URL(receiver.url).host}: ${partial.words}`);
  }
  if (taken < spans.length) failures.push(`${spans.length - taken} of ${spans.length} spans did not get there`);
  const traces = new Set(spans.map(({ traceId }) => traceId)).size;
  return { traces, spans: sent, failures };
}

function messageOf({ body }: OtlpRequest, { url, headers, gzip }: OtlpReceiver): Message {
  return {
    ...{ method: 'POST', url, contentType: 'application/json', again: AGAIN },
    ...{ body, headers },
    ...(gzip ? { gzip } : {}),
  };
}

const MAX_WORDS = 200;

/** ExportTracePartialSuccess: spans that were refused although the request was taken, or a warning alone. They are not sent again. */
function partialSuccess(answer: string): { readonly rejected: number; readonly words: string | null } {
  const told = /"partialSuccess"/.test(answer) ? partialOf(answer) : null;
  if (told === null) return { rejected: 0, words: null };
  const { rejectedSpans, errorMessage } = told;
  const count = Number(rejectedSpans ?? 0);
  const rejected = Number.isSafeInteger(count) && count > 0 ? count : 0;
  const said =
    typeof errorMessage === 'string' && errorMessage !== '' ? `"${visible(errorMessage).slice(0, MAX_WORDS)}"` : '';
  if (rejected === 0) return { rejected, words: said === '' ? null : `a warning, ${said}` };
  return { rejected, words: `refused ${rejected} spans${said === '' ? '' : `, ${said}`}` };
}

function partialOf(answer: string): { readonly rejectedSpans?: unknown; readonly errorMessage?: unknown } | null {
  try {
    const parsed: unknown = JSON.parse(answer);
    const partial = (parsed as { readonly partialSuccess?: unknown } | null)?.partialSuccess;
    return typeof partial === 'object' ? partial : null;
  } catch {
    return null;
  }
}
