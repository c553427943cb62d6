// Owns the moments of one connection by the kernel's clock, and what lasted how long between them. Touches no network.
// Never guesses: what the stamps cannot carry is null, and what they leave open is in the uncertainty.

/** All in milliseconds. */
export interface Timed {
  readonly durationMs: number;
  /** The truth is not further away than this. */
  readonly uncertaintyMs: number;
}

/** What was handed on as one piece: milliseconds of one clock. */
export interface Arrival {
  /** When its first byte came, at the latest. */
  readonly firstMs: number;
  /** How much earlier than that it may have been: the kernel keeps one stamp for segments that it has joined. */
  readonly slackMs: number;
  /** When its last byte came. */
  readonly lastMs: number;
  /** How much earlier than that it may have been, if something behind it has the same stamp. */
  readonly lastSlackMs: number;
}

interface Sending {
  /** Right before and right after send(2). */
  readonly fromMs: number;
  readonly toMs: number;
}

/** What the stamps themselves leave open: from the system call to the wire. Against packets it was 0.01 to 0.05. */
export const FLOOR_MS = 0.05;
/**
 * Whatever is shorter as a TLS record carries no request: in HTTP/2 an acknowledgement of SETTINGS, a PING and a WINDOW_UPDATE (RFC 9113 6)
 * go out between the request and its answer.
 */
const REQUEST_BYTES = 60;

export class Timeline {
  #request: Sending | null = null;
  #sending: Sending | null = null;
  #latest: Arrival | null = null;
  #flight: { readonly began: Sending; endedMs: number | null } | null = null;
  #flightsMs = 0;
  #uncertaintyMs = FLOOR_MS;

  /** The piece that was handed on last. */
  get latest(): Arrival | null {
    return this.#latest;
  }

  sent(fromMs: number, toMs: number, bytes: number): void {
    const sending = { fromMs, toMs };
    this.#sending = sending;
    if (bytes >= REQUEST_BYTES) this.#request = sending;
    if (this.#flight !== null && this.#flight.endedMs === null) return;
    this.#closeFlight();
    this.#flight = { began: sending, endedMs: null };
  }

  arrived(arrival: Arrival): void {
    this.#latest = arrival;
    if (this.#flight !== null) this.#flight.endedMs = arrival.lastMs;
  }

  #closeFlight(): void {
    if (this.#flight === null || this.#flight.endedMs === null) return;
    const { began, endedMs } = this.#flight;
    this.#flightsMs += endedMs - began.fromMs;
    this.#uncertaintyMs += began.toMs - began.fromMs;
    this.#flight = null;
  }

  /**
   * What the handshake took on the wire and over there: of each flight, from its first byte sent to the last byte of the answer. What
   * this process took in between is not in it. Call it when the piece that ended the handshake has been handed on.
   * @param joined that piece has the stamp of something that came behind it
   */
  handshake(joined: boolean): Timed | null {
    // The last flight may be closed already: the client's Finished goes out before the handshake is told to be over.
    const open = this.#flight?.endedMs ?? null;
    const openMs = this.#flight === null || open === null ? 0 : open - this.#flight.began.fromMs;
    const sendMs = this.#flight === null || open === null ? 0 : this.#flight.began.toMs - this.#flight.began.fromMs;
    const durationMs = this.#flightsMs + openMs;
    if (this.#latest === null || durationMs <= 0) return null;
    const slackMs = joined ? this.#latest.lastSlackMs : 0;
    return { durationMs, uncertaintyMs: Math.min(durationMs, this.#uncertaintyMs + sendMs + slackMs) };
  }

  /**
   * From the request sent to the first byte of the piece that was handed on last.
   * @param framed in HTTP/2 other frames than the request's are sent too
   */
  wait(framed: boolean): Timed | null {
    const sending = framed ? this.#request : this.#sending;
    if (sending === null || this.#latest === null) return null;
    const durationMs = this.#latest.firstMs - sending.fromMs;
    // An answer that came before the request was out is no answer to all of it.
    if (durationMs < 0) return null;
    const slackMs = Math.min(this.#latest.slackMs, durationMs);
    return { durationMs, uncertaintyMs: FLOOR_MS + slackMs + sending.toMs - sending.fromMs };
  }

  /** From the first byte of `first` to the last byte of the piece that was handed on last; `joined`: see `handshake`. */
  receive(first: Arrival, joined: boolean): Timed | null {
    if (this.#latest === null) return null;
    const durationMs = this.#latest.lastMs - first.firstMs;
    if (durationMs < 0) return null;
    // The one makes it longer, the other shorter.
    const slackMs = Math.max(first.slackMs, joined ? Math.min(durationMs, this.#latest.lastSlackMs) : 0);
    return { durationMs, uncertaintyMs: FLOOR_MS + slackMs };
  }
}
