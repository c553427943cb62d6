// Owns what holding one assertion to an answer comes to. Words only.

/** One thing that is to hold. `saw`: what was there instead; null: it held. */
export interface Held {
  readonly says: string;
  readonly saw: string | null;
}
